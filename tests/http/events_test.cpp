// Server-sent events: what they tell, how they go on after a break, and what they may cost.
#include <algorithm>
#include <chrono>
#include <list>
#include <thread>

#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

struct Event {
  std::int64_t id = 0;  ///< 0: it has none
  std::string name;
  json::object data;
};

/// Listens as an HTTP/1.0 client, whose answer has no chunks.
class Listener {
 public:
  Listener(const Server& server, const std::string& path, std::optional<std::int64_t> after = {},
           const std::string& key = "")
      : connection_(server.address()) {
    std::string request = "GET " + path + " HTTP/1.0\r\nHost: h\r\nAuthorization: Bearer " +
                          (key.empty() ? server.admin_key() : key) + "\r\n";
    if (after) request += "Last-Event-ID: " + std::to_string(*after) + "\r\n";
    connection_.send(request + "\r\n");
    head_ = connection_.read_until("\r\n\r\n").value_or("");
  }
  const std::string& head() const { return head_; }
  int status() const { return head_.size() > 12 ? std::stoi(head_.substr(9, 3)) : 0; }
  /// The next block of lines, comments as well; absent at the end.
  std::optional<std::string> block() { return connection_.read_until("\n\n"); }
  /// The next event that has an id; absent at the end.
  std::optional<Event> next() {
    while (auto text = block()) {
      Event event;
      if (auto value = line(*text, "id: ")) event.id = std::stoll(*value);
      event.name = line(*text, "event: ").value_or("");
      if (auto value = line(*text, "data: ")) event.data = json::parse(*value).as_object();
      if (event.id != 0) return event;
    }
    return std::nullopt;
  }
  std::vector<Event> rest() {
    std::vector<Event> events;
    while (auto event = next()) events.push_back(*std::move(event));
    return events;
  }
  std::vector<Event> next(std::size_t count) {
    std::vector<Event> events;
    while (events.size() < count) {
      auto event = next();
      if (!event) break;
      events.push_back(*std::move(event));
    }
    EXPECT_EQ(events.size(), count);
    return events;
  }
  void close() { connection_.reset(); }
  RawConnection& connection() { return connection_; }

 private:
  static std::optional<std::string> line(const std::string& text, const std::string& name) {
    const auto start = text.starts_with(name) ? 0 : text.find("\n" + name);
    if (start == std::string::npos) return std::nullopt;
    const auto value = text.find(name, start) + name.size();
    return text.substr(value, text.find('\n', value) - value);
  }
  RawConnection connection_;
  std::string head_;
};

std::string pool_events(const PoolClient& client) {
  return "/adit/api/v1/pools/" + client.pool() + "/events";
}

std::string text_of(const Event& event) {
  if (event.name == "chunk") return std::string(event.data.at("state").as_string());
  if (event.name == "deleted") return "deleted";
  return event.name + " " + std::string(event.data.at("status").as_string());
}

std::vector<std::int64_t> ids_of(const std::vector<Event>& events) {
  std::vector<std::int64_t> ids;
  for (const auto& event : events) ids.push_back(event.id);
  return ids;
}

class Events : public ServerTest {
 protected:
  static void SetUpTestSuite() { start_server({.flags = {"--event-heartbeat-ms", "300"}}); }
  std::string path() { return pool_events(pool()); }
  std::string path(const std::string& job) { return pool().job_path(job) + "/events"; }
  std::string push(const std::string& table = "t") {
    return std::string(pool().push(csv_job("REPLACE", table), {"id\n1\n2\n"}).at("id").as_string());
  }
};

TEST_F(Events, OfAPoolTellTheLifeOfAJob) {
  Listener listener(server(), path());
  EXPECT_EQ(listener.status(), 200);
  for (const auto* field :
       {"Content-Type: text/event-stream\r\n", "Cache-Control: no-store\r\n", "X-Accel-Buffering: no\r\n"}) {
    EXPECT_NE(listener.head().find(field), std::string::npos) << listener.head();
  }
  EXPECT_EQ(listener.block(), "retry: 2000\n\n");
  const auto id = push();
  ASSERT_EQ(pool().try_delete(id).status, 204);
  const auto events = listener.next(7);
  std::vector<std::string> texts;
  for (const auto& event : events) texts.push_back(text_of(event));
  EXPECT_EQ(texts.front(), "status NEW");
  EXPECT_EQ(texts.at(1), "STORED");
  std::ranges::sort(texts);
  EXPECT_EQ(texts, (std::vector<std::string>{"STAGED", "STORED", "deleted", "finished DONE", "status NEW",
                                             "status QUEUED", "status RUNNING"}));
  for (const auto& event : events) {
    EXPECT_EQ(field(event.data, event.name == "finished" ? "id" : "jobId"), json::string(id));
    EXPECT_EQ(field(event.data, "targetName"), "t");
    if (event.name == "finished") {
      EXPECT_EQ(field(event.data, "adit.rowsLanded"), 2);
      EXPECT_EQ(field(event.data, "dataPoolId"), json::string(pool().pool()));
    }
    if (event.name != "chunk") continue;
    EXPECT_TRUE(field(event.data, "chunkId").is_string());
    if (text_of(event) == "STAGED") {
      EXPECT_EQ(field(event.data, "rows"), 2);
    }
  }
}

TEST_F(Events, OfAJobEndWithItsOutcomeAndAreThenOver) {
  const auto id = pool().create_job(csv_job("REPLACE", "t"));
  Listener listener(server(), path(id));
  pool().upload(id, "id,x\n1\n");
  pool().execute(id);
  const auto events = listener.rest();
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(text_of(events.front()), "status NEW");
  EXPECT_EQ(text_of(events.back()), "finished ERROR");
  EXPECT_FALSE(events.back().data.at("logs").as_array().empty());
  EXPECT_TRUE(std::ranges::any_of(events, [](const auto& event) { return text_of(event) == "FAILED"; }));
  EXPECT_EQ(Listener(server(), path(id), events.back().id).status(), 204);
  EXPECT_EQ(ids_of(Listener(server(), path(id)).rest()), ids_of(events)) << "again from the beginning";
  EXPECT_EQ(Listener(server(), path(id), events.front().id).rest().size(), events.size() - 1);
}

TEST_F(Events, AreTheSameUnderEveryPrefixAndOnlyForWhomTheyConcern) {
  const auto id = push();
  for (const std::string prefix : {"/data-ingestion", "/integration", "/integration-hybrid"}) {
    const auto all =
        Listener(server(), prefix + "/api/v1/data-push/" + pool().pool() + "/jobs/" + id + "/events").rest();
    EXPECT_EQ(text_of(all.back()), "finished DONE");
  }
  auto http = pool().http().another();
  EXPECT_EQ(http.get(path(pool().pool())).status, 404);
  expect_field_error(http.send({"GET", path(), {{"Last-Event-ID", "x"}}}), "Last-Event-ID");
  const auto head = http.send({"HEAD", path()});
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("content-type"), "text/event-stream");
  http.set_authorization(std::nullopt);
  EXPECT_EQ(http.get(path()).status, 401);
}

TEST_F(Events, GoOnWithoutGapOrRepetition) {
  Listener first(server(), path());
  first.block();
  push();
  auto told = first.next(3);
  first.close();
  push();
  while (told.size() < 18) {
    Listener again(server(), path(), told.back().id);
    for (auto& event : again.next(5)) told.push_back(std::move(event));
    push();
  }
  const auto all = Listener(server(), path(), 0).next(18);
  EXPECT_EQ(ids_of(told), ids_of(all));
  EXPECT_TRUE(std::ranges::is_sorted(ids_of(told)));
}

TEST_F(Events, TellTableChangesToo) {
  push("people");
  Listener listener(server(), path());
  listener.block();
  ASSERT_EQ(pool().http().post("/adit/api/v1/pools/" + pool().pool() + "/tables/people/truncate").status,
            200);
  const auto events = listener.next(3);
  EXPECT_EQ(text_of(events[2]), "finished DONE");
  EXPECT_EQ(field(events[0].data, "kind"), "TRUNCATE");
  EXPECT_EQ(field(events[2].data, "adit.rowsLanded"), 2);
}

TEST_F(Events, AnIdleStreamIsKeptOpenByComments) {
  Listener listener(server(), path());
  EXPECT_EQ(listener.block(), "retry: 2000\n\n");
  EXPECT_EQ(listener.block(), ":\n\n");
  EXPECT_EQ(listener.block(), ":\n\n");
  push();
  EXPECT_EQ(text_of(*listener.next()), "status NEW");
}

TEST_F(Events, EndWithTheKeyAndWithThePool) {
  const auto made =
      pool().http().post_json("/adit/api/v1/keys", {{"name", "short"}, {"kind", "USER"}}).json();
  Listener of_key(server(), path(), {}, std::string(field(made, "key").as_string()));
  ASSERT_EQ(of_key.status(), 200);
  ASSERT_EQ(pool().http().del("/adit/api/v1/keys/" + std::string(field(made, "id").as_string())).status, 204);
  EXPECT_TRUE(of_key.rest().empty());
  PoolClient other(server());
  Listener of_pool(server(), pool_events(other));
  ASSERT_EQ(of_pool.status(), 200);
  ASSERT_LT(other.http().del("/integration/api/pools/" + other.pool()).status, 300);
  EXPECT_TRUE(of_pool.rest().empty());
}

TEST_F(Events, TwoHundredIdleStreamsLeavePushesTheirPace) {
  push();
  const auto time_of_pushes = [&] {
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 10; ++i) push();
    return std::chrono::steady_clock::now() - begin;
  };
  const auto alone = time_of_pushes();
  PoolClient idle(server());
  std::list<Listener> listeners;
  for (int i = 0; i < 200; ++i) listeners.emplace_back(server(), pool_events(idle));
  const auto among = time_of_pushes();
  std::printf("10 pushes: %lld ms alone, %lld ms among 200 idle streams\n",
              static_cast<long long>(alone / 1ms), static_cast<long long>(among / 1ms));
  EXPECT_LT(among, 4 * alone + 1s);
  idle.create_job(csv_job("DELTA", "t"));
  for (auto& listener : listeners) EXPECT_EQ(text_of(*listener.next()), "status NEW");
  for (auto& listener : listeners) listener.close();
}

class EventLimits : public ServerTest {
 protected:
  static void SetUpTestSuite() {
    start_server({.flags = {"--event-streams-max", "3", "--event-streams-per-pool-max", "2"}});
  }
};

TEST_F(EventLimits, StreamsAreRefusedBeyondThemAndFreeTheirPlacePromptly) {
  const auto path = pool_events(pool());
  auto first = std::make_unique<Listener>(server(), path);
  const Listener second(server(), path);
  const auto refused = pool().http().get(path);
  expect_error_body(refused, 429);
  PoolClient other(server());
  const Listener third(server(), pool_events(other));
  EXPECT_EQ(third.status(), 200);
  const auto busy = other.http().get(pool_events(other));
  expect_error_body(busy, 503);
  EXPECT_TRUE(busy.header("retry-after").has_value());
  first->close();
  const auto begin = std::chrono::steady_clock::now();
  while (Listener(server(), path).status() != 200 && std::chrono::steady_clock::now() - begin < 10s)
    std::this_thread::sleep_for(20ms);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

class EventsOverRestarts : public ::testing::Test {
 protected:
  void SetUp() override {
    server_.start();
    client_ = std::make_unique<PoolClient>(server_);
  }
  void start_again() {
    server_.start();
    client_ = std::make_unique<PoolClient>(server_.http(), client_->pool());
  }
  Server server_;
  std::unique_ptr<PoolClient> client_;
};

TEST_F(EventsOverRestarts, GoOnWhereTheyWereAfterAKillAndAStop) {
  Listener listener(server_, pool_events(*client_));
  listener.block();
  client_->push_done(csv_job("REPLACE", "t"), {"id\n1\n"});
  auto told = listener.next(4);
  server_.kill();
  start_again();
  client_->push_done(csv_job("REPLACE", "u"), {"id\n1\n"});
  {
    Listener again(server_, pool_events(*client_), told.back().id);
    for (auto& event : again.next(6)) told.push_back(std::move(event));
  }
  EXPECT_EQ(server_.terminate(), ExitStatus::exited(0));
  start_again();
  Listener last(server_, pool_events(*client_), told.back().id);
  for (auto& event : last.next(2)) told.push_back(std::move(event));
  EXPECT_EQ(ids_of(told), ids_of(Listener(server_, pool_events(*client_), 0).next(12)));
}

TEST_F(EventsOverRestarts, AStopEndsManyStreamsAtOnceAndWhole) {
  std::list<RawConnection> streams;
  for (int i = 0; i < 50; ++i) {
    auto& stream = streams.emplace_back(server_.address());
    stream.send(
        request_text({"GET", pool_events(*client_), {{"Authorization", "Bearer " + server_.admin_key()}}}));
    EXPECT_TRUE(stream.read_until("retry: 2000\n\n"));
  }
  const auto begin = std::chrono::steady_clock::now();
  server_.signal_terminate();
  for (auto& stream : streams) {
    const auto rest = stream.read_until("0\r\n\r\n");
    EXPECT_TRUE(rest.has_value());
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  streams.clear();
  EXPECT_EQ(server_.wait(20s), ExitStatus::exited(0));
}

}  // namespace
}  // namespace adit::test
