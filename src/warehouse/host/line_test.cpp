// Lines to an engine's process, spoken as the server speaks them.
#include <gtest/gtest.h>

#include <filesystem>

#include "warehouse/host/channel.h"
#include "warehouse/host/process.h"

namespace adit {
namespace {

namespace fs = std::filesystem;

/// A query that would take for ever.
constexpr std::string_view kEndless = "SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b";

constexpr std::chrono::seconds kPatience{30};

class EngineLine : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("adit-line-" + Uuid::random().to_string());
    fs::create_directories(folder_ / "chunks");
    auto ends = make_socket_pair();
    ASSERT_TRUE(ends);
    const auto pid = starter_.start(pool_.to_string(), ends->second);
    ASSERT_TRUE(pid) << pid.error().internal_detail;
    process_.emplace(*pid);
    first_.emplace(std::move(ends->first));
    const auto configured = ask(*first_, 1, ConfigureRequest{configuration()});
    ASSERT_TRUE(configured) << configured.error().internal_detail;
  }
  void TearDown() override {
    process_.reset();
    fs::remove_all(folder_);
  }

  HostConfiguration configuration() const {
    return {.pool = pool_,
            .root = folder_ / "pools",
            .chunk_folder = folder_ / "chunks",
            .memory_bytes = 256ULL << 20,
            .threads = 1,
            .stages_max = 1,
            .wal_bytes_max = 16ULL << 20,
            .checkpoint_interval = std::chrono::minutes(1),
            .confinement = {},
            .log_level = log::Level::kOff,
            .failpoint = {}};
  }

  template <class Request>
  Result<typename Request::Answer> ask(Channel& channel, std::uint64_t number, const Request& request) {
    ADIT_CHECK(channel.send(Request::kKind, number, question_bytes(from_epoch_ms(1), request)));
    for (;;) {
      ADIT_TRY(const auto answer, channel.receive(std::chrono::steady_clock::now() + kPatience));
      if (answer.kind == MessageKind::kBookLanded) {
        const Result<BookLandedRequest::Answer> none = BookLandedRequest::Answer();
        ADIT_CHECK(channel.send(MessageKind::kBookAnswer, answer.number, answer_bytes(none)));
        continue;
      }
      EXPECT_EQ(answer.number, number);
      return read_answer<typename Request::Answer>(answer.payload);
    }
  }

  Channel open_line() {
    auto ends = make_socket_pair();
    EXPECT_TRUE(ends);
    EXPECT_TRUE(first_->send(MessageKind::kLine, kEveryQuestion, {}, ends->second.get()));
    return Channel(std::move(ends->first));
  }

  const PoolId pool_ = PoolId::random();
  fs::path folder_;
  HostStarter starter_;
  std::optional<HostProcess> process_;
  std::optional<Channel> first_;
};

TEST_F(EngineLine, ACancelThatIsFasterThanItsQuestionStopsIt) {
  auto line = open_line();
  ASSERT_TRUE(ask(line, 2, TablesRequest{})) << "which opens the pool";
  ASSERT_TRUE(first_->send(MessageKind::kCancel, 4, {}));
  ASSERT_TRUE(ask(*first_, 3, FiguresRequest{})) << "so the cancel has been read";
  const auto canceled = ask(line, 4, QueryParquetRequest{{.sql = std::string(kEndless)}});
  ASSERT_FALSE(canceled);
  EXPECT_EQ(canceled.error().kind, ErrorKind::kCanceled) << canceled.error().internal_detail;
  EXPECT_TRUE(ask(line, 5, TablesRequest{})) << "the next one is another question";
}

TEST_F(EngineLine, WhichJobsHaveLandedIsAskedWhereThePoolIsOpened) {
  auto line = open_line();
  ASSERT_TRUE(line.send(MessageKind::kTables, 2, question_bytes(from_epoch_ms(1), TablesRequest{})));
  const auto question = line.receive();
  ASSERT_TRUE(question);
  EXPECT_EQ(question->kind, MessageKind::kBookLanded);
}

TEST_F(EngineLine, OneThatIsClosedEndsNoOther) {
  auto first = open_line();
  ASSERT_TRUE(ask(first, 2, TablesRequest{}));
  auto second = open_line();
  ASSERT_TRUE(ask(second, 3, TablesRequest{}));
  first.shut_down();
  EXPECT_TRUE(ask(second, 4, TablesRequest{}));
  EXPECT_TRUE(ask(*first_, 5, FiguresRequest{}));
}

}  // namespace
}  // namespace adit
