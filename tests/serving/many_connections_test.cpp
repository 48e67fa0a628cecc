// More connections than there are places, or descriptors.
#include <algorithm>
#include <memory>
#include <vector>

#include "support/process_sample.h"
#include "support/push_client.h"
#include "support/server.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

TEST(TooManyConnections, AreToldOnceWhenToComeAgain) {
  Server server({.flags = {"--connections-max", "1"}});
  server.start();
  const auto pool = PoolClient(server).pool();
  // A stream of events is never in a pause.
  RawConnection kept(server.address());
  kept.send("GET /adit/api/v1/pools/" + pool + "/events HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " +
            server.admin_key() + "\r\n\r\n");
  const auto head = kept.read_until("\r\n\r\n");
  ASSERT_TRUE(head && head->starts_with("HTTP/1.1 200")) << head.value_or("");
  RawConnection second(server.address());
  second.send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
  const auto refused = second.read_response();
  ASSERT_EQ(refused.status, 503);
  EXPECT_EQ(std::ranges::count(refused.headers, "retry-after", [](const auto& field) { return field.first; }),
            1);
  EXPECT_EQ(refused.header("cache-control"), "no-store");
}

TEST(FewDescriptors, AreLeftForFilesHoweverManyConnect) {
  constexpr std::size_t kDescriptors = 400;
  Server server({.descriptors_max = kDescriptors});
  server.start();
  EXPECT_NE(server.log().find("fewer connections than --connections-max"), std::string::npos);
  std::vector<std::unique_ptr<RawConnection>> crowd;
  for (int i = 0; i < 600; ++i) {
    crowd.push_back(std::make_unique<RawConnection>(server.address()));
    if (i % 100 != 99) continue;
    PoolClient client(server);
    client.push_done(csv_job("REPLACE", "t"), {"id\n1\n"});
    EXPECT_EQ(client.value("SELECT id FROM t"), "1");
  }
  EXPECT_LE(sample_process(server.pid()).descriptors, kDescriptors / 2);
  EXPECT_EQ(server.log().find("accept failed"), std::string::npos);
  EXPECT_EQ(server.terminate(), ExitStatus::exited(0));
}

}  // namespace
}  // namespace adit::test
