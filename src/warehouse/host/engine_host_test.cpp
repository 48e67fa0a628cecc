// The server's side of an engine's process, against one that plays a part.
#include "warehouse/host/engine_host.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <future>
#include <thread>

#include "warehouse/host/host_main.h"

namespace adit {
namespace {

using namespace std::chrono_literals;

/// The parts, which come in place of a failpoint.
constexpr std::string_view kDoesNotRead = "does not read";
constexpr std::string_view kSendsNoRows = "sends no rows";  ///< and answers all else, but late
constexpr std::string_view kAsksTheBook = "asks the book";

/// More than a socket holds.
constexpr std::size_t kLarge = 1 << 20;

/// Each answer after a time, in the order of their times.
void answer_late(Channel& channel) {
  std::vector<std::jthread> answers;
  const auto answer = [&](std::uint64_t number, std::chrono::milliseconds after, std::string bytes) {
    answers.emplace_back([&channel, number, after, bytes = std::move(bytes)] {
      std::this_thread::sleep_for(after);
      static_cast<void>(channel.send(MessageKind::kAnswer, number, bytes));
    });
  };
  while (const auto question = channel.receive()) {
    if (question->kind == MessageKind::kOpenQuery)
      answer(question->number, 300ms, answer_bytes<std::vector<ColumnInfo>>(std::vector<ColumnInfo>()));
    if (question->kind == MessageKind::kFigures)
      answer(question->number, 500ms, answer_bytes<HostFigures>(HostFigures()));
    if (question->kind == MessageKind::kClose)
      answer(question->number, 0ms, answer_bytes<HostFigures>(HostFigures()));
  }
}

/// One line: its question is answered by how many jobs' plans it has been told.
void count_plans(Channel& line) {
  const auto ask = [&]<class Request>(const Request& request) -> Result<typename Request::Answer> {
    ADIT_CHECK(line.send(Request::kKind, kEveryQuestion, to_wire(request)));
    ADIT_TRY(const auto answer, line.receive());
    return read_answer<typename Request::Answer>(answer.payload);
  };
  const auto count = [&]() -> Result<TableBytesRequest::Answer> {
    std::uint64_t plans = 0;
    for (std::int64_t after = 0;;) {
      ADIT_TRY(const auto jobs, ask(BookLandedRequest{after}));
      if (jobs.empty()) return TableBytesRequest::Answer(plans);
      after = jobs.back().execute_order;
      for (const auto& place : jobs) {
        ADIT_TRY(const auto plan, ask(BookPlanRequest{place.job}));
        if (plan && plan->stage.job == place.job) ++plans;
      }
    }
  };
  while (const auto question = line.receive()) {
    if (!line.send(MessageKind::kAnswer, question->number, answer_bytes(count()))) return;
  }
}

int play() {
  Channel channel{FileHandle(kHostSocket)};
  const auto first = channel.receive();
  if (!first) return 1;
  Timestamp now;
  ConfigureRequest request;
  WireReader reader(first->payload);
  reader(now, request);
  const auto configured = answer_bytes<ConfigureRequest::Answer>(ConfigureRequest::Answer{});
  if (!channel.send(MessageKind::kAnswer, first->number, configured)) return 1;
  const auto& part = request.configuration.failpoint;
  if (part == kDoesNotRead) {
    for (;;) ::pause();
  }
  if (part == kSendsNoRows) answer_late(channel);
  std::vector<std::jthread> lines;
  while (part == kAsksTheBook) {
    auto message = channel.receive();
    if (!message) break;
    if (message->kind == MessageKind::kClose) {
      static_cast<void>(
          channel.send(MessageKind::kAnswer, message->number, answer_bytes<HostFigures>(HostFigures())));
    }
    if (message->kind != MessageKind::kLine) continue;
    lines.emplace_back([file = std::move(message->file)]() mutable {
      Channel line(std::move(file));
      count_plans(line);
    });
  }
  ::_exit(0);  // as the real one: lines are read still
}

class EngineHostTest : public ::testing::Test {
 protected:
  void start(std::string_view part, std::chrono::milliseconds send_timeout = 1h) {
    HostStart with;
    with.book = book_;
    with.configuration.failpoint = part;
    with.close_timeout = 200ms;
    with.send_timeout = send_timeout;
    auto started = EngineHost::start(starter_, std::move(with), clock_, metrics_);
    ASSERT_TRUE(started) << started.error().internal_detail;
    host_ = std::move(*started);
  }
  /// A question of so many bytes on the first connection, and its answer.
  Result<Message> ask_on_first(std::size_t bytes) {
    const OpenQueryRequest request{{.sql = std::string(bytes, 'x')}};
    ADIT_TRY(const auto question, host_->send(request.kKind, question_bytes(clock_.now(), request), {}));
    return question->wait();
  }
  void check_life(std::chrono::milliseconds timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    if (const auto question = host_->ask_for_life(deadline)) host_->take_life(*question, deadline);
  }
  /// Begins a question that fills the connection and stays within sending.
  std::future<Result<Message>> get_stuck() {
    auto stuck = std::async(std::launch::async, [this] { return ask_on_first(kLarge); });
    const FiguresRequest request;
    const auto bytes = question_bytes(clock_.now(), request);
    const auto can_send = [&] {
      return host_->send(request.kKind, bytes, {}, std::chrono::steady_clock::now() + 20ms).ok();
    };
    while (can_send()) std::this_thread::sleep_for(1ms);
    return stuck;
  }

  /// Jobs that have landed, each with so many bytes to tell.
  void remember(std::size_t jobs, std::size_t bytes) {
    const auto plans = std::make_shared<std::vector<LandPlan>>(jobs);  // in memory once
    for (auto& plan : *plans) {
      plan.stage.job = JobId::random();
      plan.stage.spec.foreign_keys = std::string(bytes, 'x');
    }
    book_.landed = [plans](PoolId, std::int64_t after) {
      const auto next = static_cast<std::size_t>(after);
      std::vector<JobPlace> places;
      if (next < plans->size()) places.push_back({after + 1, (*plans)[next].stage.job});
      return Result(std::move(places));
    };
    book_.plan = [plans](PoolId, JobId job) -> Result<std::optional<LandPlan>> {
      return std::optional(*std::ranges::find(*plans, job, [](const auto& plan) { return plan.stage.job; }));
    };
  }

  LandingBook book_;
  SystemClock clock_;
  Metrics metrics_;
  HostStarter starter_;
  std::unique_ptr<EngineHost> host_;
};

using Seconds = std::chrono::duration<double>;

template <class Work>
Seconds time_of(const Work& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::steady_clock::now() - begin;
}

TEST_F(EngineHostTest, ThatDoesNotReadIsKilledThoughSomebodyIsStuckInSending) {
  start(kDoesNotRead);
  auto stuck = get_stuck();
  EXPECT_LT(time_of([&] { check_life(300ms); }), 2s);
  EXPECT_FALSE(host_->healthy());
  const auto answer = stuck.get();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kUnavailable);
}

TEST_F(EngineHostTest, ThatDoesNotReadKeepsNobodyWaitingWhoCancels) {
  start(kDoesNotRead);
  auto stuck = get_stuck();
  EXPECT_LT(time_of([&] { host_->cancel(1); }), 100ms);
  EXPECT_LT(time_of([&] { host_->interrupt(); }), 100ms);
  EXPECT_TRUE(host_->healthy()) << "nobody has waited for it";
  host_->kill("it has played its part");
  EXPECT_FALSE(stuck.get());
}

TEST_F(EngineHostTest, ThatCanNotBeStartedForWantOfDescriptorsMayBeLater) {
  // UndefinedBehaviorSanitizer needs a descriptor to look at `this` for the first time.
  const auto try_start = [&starter = starter_, &clock = clock_, &metrics = metrics_] {
    return EngineHost::start(starter, HostStart(), clock, metrics);
  };
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 3;  // those that are open stay so
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto started = try_start();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, ErrorKind::kUnavailable) << started.error().internal_detail;
  start("");
  EXPECT_TRUE(host_->healthy());
}

TEST_F(EngineHostTest, ThatDoesNotReadWhatItIsSentIsKilled) {
  start(kDoesNotRead, 200ms);
  const auto answer = ask_on_first(kLarge);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kUnavailable);
  EXPECT_FALSE(host_->healthy());
}

TEST_F(EngineHostTest, ThatDoesNotReadKeepsNobodyLongerThanHeWantsToWait) {
  start(kDoesNotRead);
  auto stuck = get_stuck();
  const auto answer =
      host_->ask(ProgressRequest{JobId::random()}, {}, std::chrono::steady_clock::now() + 50ms);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kTimeout);
  EXPECT_TRUE(host_->healthy());
  host_->kill("it has played its part");
  EXPECT_FALSE(stuck.get());
}

TEST_F(EngineHostTest, ThatDoesNotReadIsClosedInTime) {
  start(kDoesNotRead);
  const CloseRequest request;
  const auto bytes = question_bytes(clock_.now(), request);
  const auto can_send = [&] {
    return host_->send(request.kKind, bytes, {}, std::chrono::steady_clock::now() + 20ms).ok();
  };
  while (can_send()) continue;  // until there is no room for the last one
  EXPECT_LT(time_of([&] { host_.reset(); }), 5s);
}

TEST_F(EngineHostTest, AnswersAreReadThoughNobodyWaitsForTheRowsThatAreAskedForAhead) {
  start(kSendsNoRows);
  const NextRowsRequest rows;
  const auto ahead = host_->send(rows.kKind, question_bytes(clock_.now(), rows), {});
  ASSERT_TRUE(ahead);
  auto query = std::async(std::launch::async, [this] { return ask_on_first(1); });
  std::this_thread::sleep_for(100ms);  // so that it is the query that reads until its answer has come
  check_life(3s);
  EXPECT_TRUE(host_->healthy()) << host_->end();
  EXPECT_TRUE(query.get());
}

TEST_F(EngineHostTest, IsToldOfMoreLandingsThanAMessageHolds) {
  remember(2, 130 << 20);
  start(kAsksTheBook);
  const auto told = host_->ask(TableBytesRequest{}, {}, std::chrono::steady_clock::now() + 60s);
  ASSERT_TRUE(told) << told.error().public_message;
  EXPECT_EQ(told->value_or(0), 2U);
}

TEST_F(EngineHostTest, IsToldThatALandingIsTooLarge) {
  remember(1, kMessageBytesMax);
  start(kAsksTheBook);
  const auto told = host_->ask(TableBytesRequest{}, {}, std::chrono::steady_clock::now() + 60s);
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().kind, ErrorKind::kTooLarge) << told.error().public_message;
}

}  // namespace
}  // namespace adit

int main(int argc, char** argv) {
  if (adit::is_engine_host(argc, argv)) return adit::play();
  std::signal(SIGPIPE, SIG_IGN);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
