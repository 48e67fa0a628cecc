// Two teams on one server: what one has is not there for the other.
#include "support/second_team.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

class Teams : public ServerTest {
 protected:
  static void SetUpTestSuite() {
    start_server({});
    // The catalog's file belongs to the server while it runs.
    server_of_suite().terminate();
    other_ = add_second_team(server_of_suite().data(), "acme");
    server_of_suite().start();
  }
  HttpResponse get_as(const std::string& key, const std::string& host, const std::string& target) {
    RawConnection connection(server().address());
    connection.send("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\nAuthorization: Bearer " + key +
                    "\r\n\r\n");
    return connection.read_response();
  }

  static SecondTeam other_;
};

SecondTeam Teams::other_;

TEST_F(Teams, TheIdsOfAnotherTeamAre404) {
  PoolClient theirs(Http(server().address(), other_.key), other_.pool);
  const auto job = theirs.create_job(csv_job("REPLACE", "t"));
  theirs.upload(job, "id\n1\n");
  const auto chunk = std::string(theirs.chunks(job)[0].at("id").as_string());
  PoolClient ours(server().http(), other_.pool);
  expect_error_body(ours.http().get(ours.jobs_path()), 404);
  expect_error_body(ours.try_create(csv_job("REPLACE", "t")), 404);
  expect_error_body(ours.http().get(ours.job_path(job)), 404);
  expect_error_body(ours.http().get(ours.job_path(job) + "/chunks"), 404);
  expect_error_body(ours.try_upload(job, "id\n2\n"), 404);
  expect_error_body(ours.try_execute(job), 404);
  expect_error_body(ours.try_cancel(job), 404);
  expect_error_body(ours.try_delete(job), 404);
  expect_error_body(ours.http().del(ours.job_path(job) + "/chunks/" + chunk), 404);
  expect_error_body(ours.try_query("SELECT 1"), 404);
  expect_error_body(ours.http().get("/integration/api/pools/" + other_.pool), 404);
  expect_error_body(ours.http().get("/integration/api/pools/" + other_.pool + "/tables"), 404);
  // Through a pool of one's own, another's job is not there either.
  expect_error_body(pool().http().get(pool().job_path(job)), 404);
  expect_error_body(pool().try_execute(job), 404);
  expect_error_body(pool().try_upload(job, "id\n2\n"), 404);
  EXPECT_EQ(theirs.status(job), "NEW");
  EXPECT_EQ(theirs.chunks(job).size(), 1U);
  for (const auto& listed : pool().http().get("/integration/api/pools").array()) {
    EXPECT_NE(field(listed, "id"), boost::json::string(other_.pool));
  }
}

TEST_F(Teams, AHostThatNamesAnotherTeamIs401) {
  const auto ours = server().admin_key();
  const auto path = pool().jobs_path();
  for (const char* host : {"acme.eu-1.example", "ACME.eu-1.example:8080", "acme.example.org"}) {
    const auto response = get_as(ours, host, path);
    expect_error_body(response, 401);
    EXPECT_EQ(field(response.json(), "error"), "Unauthorized") << host;
    EXPECT_EQ(get_as(other_.key, host, "/integration/api/pools").status, 200) << host;
  }
  // Names that are no team's say nothing.
  for (const char* host : {"localhost", "127.0.0.1:8080", "[::1]:8080", "acme", "acme.example",
                           "adit.eu-1.example", "10.0.0.7", "x.acme.example"}) {
    EXPECT_EQ(get_as(ours, host, path).status, 200) << host;
  }
}

}  // namespace
}  // namespace adit::test
