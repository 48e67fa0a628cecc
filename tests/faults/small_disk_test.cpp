// A real disk that fills up while clients push: refused politely, and when there is room again everything
// works, without a restart.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>
#include <thread>

#include "support/files_below.h"
#include "support/push_client.h"
#include "support/server.h"
#include "support/test_data.h"

namespace adit::test {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

/// A volume of memory that this process and its children alone see.
class SmallDisk : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    data_ = folder_.path() / "data";
    std::filesystem::create_directory(data_);
    if (!enter_namespace() || ::mount("tmpfs", data_.c_str(), "tmpfs", 0, "size=160m,mode=0700") != 0) {
      GTEST_SKIP() << "this machine allows no namespaces: " << std::strerror(errno);
    }
    mounted_ = true;
    server_.emplace(ServerOptions{
        .flags = {"--tls-listen", "off", "--checkpoint-interval-ms", "200", "--held-chunk-bytes-max", "1000"},
        .environment = {{"ADIT_ENGINE_IN_PROCESS", GetParam()}},
        .data = data_});
    server_->start();
    client_.emplace(*server_);
    client_->push_done(spec(), {rows(0, 1000)});
    expected_[0] = 1000;
  }
  void TearDown() override {
    server_.reset();
    if (mounted_) ::umount2(data_.c_str(), MNT_DETACH);
  }

  static bool enter_namespace() {
    static const bool entered = [] {
      const auto user = ::getuid();
      const auto group = ::getgid();
      if (user == 0 && ::unshare(CLONE_NEWNS) == 0)
        return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
      if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
      const auto self = [](unsigned id) { return std::to_string(id) + " " + std::to_string(id) + " 1"; };
      std::ofstream("/proc/self/setgroups") << "deny";
      std::ofstream("/proc/self/uid_map") << self(user);
      std::ofstream("/proc/self/gid_map") << self(group);
      return true;
    }();
    return entered;
  }

  static boost::json::object spec() { return parquet_job("DELTA", "t", {{"keys", {"k"}}}); }
  static std::string rows(int push, int count) {
    return parquet_of(
        "SELECT " + std::to_string(push) +
        " * 1000000 + range AS k, md5(range::VARCHAR) AS v, md5((range + 1)::VARCHAR) AS w FROM range(" +
        std::to_string(count) + ")");
  }

  std::uint64_t free_bytes() const {
    struct statvfs status{};
    ::statvfs(data_.c_str(), &status);
    return status.f_bavail * status.f_frsize;
  }
  /// Leaves `bytes` free.
  void fill_but(std::uint64_t bytes) const {
    const int file = ::open((data_ / "ballast").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    // The server writes meanwhile: what does not fit any more is tried in halves.
    off_t size = 0;
    for (off_t step = 64 << 20; step >= 4096;) {
      const auto free = static_cast<off_t>(free_bytes());
      const auto more = std::min(step, free - static_cast<off_t>(bytes));
      if (more > 0 && ::posix_fallocate(file, size, more) == 0) {
        size += more;
      } else {
        step /= 2;
      }
    }
    ::close(file);
  }
  void release() const { std::filesystem::remove(data_ / "ballast"); }

  static void expect_refusal(const HttpResponse& response, const std::string& what) {
    EXPECT_THAT(response.status, AnyOf(507, 503)) << what << ": " << response.body;
  }

  /// A query may need the disk, to open the pool again; a status needs it not.
  void expect_still_reads() {
    EXPECT_EQ(client_->http().get("/readyz").status, 200);
    EXPECT_EQ(client_->http().get(client_->jobs_path()).status, 200);
    const auto asked = client_->try_query("SELECT count(*) FROM t");
    if (asked.status != 200) expect_refusal(asked, "query");
  }
  /// What became of a job is written down when there is room for it.
  boost::json::object wait_with_room_if_needed(const std::string& job) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{2};
    while (std::chrono::steady_clock::now() < deadline) {
      auto now = client_->job(job);
      if (is_final_status(now.at("status").as_string())) return now;
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    release();
    return client_->wait(job);
  }

  void expect_rows(const std::string& after) {
    std::map<int, int> found;
    for (const auto& row : client_->rows("SELECT k // 1000000, count(*) FROM t GROUP BY 1"))
      found[std::stoi(row[0])] = std::stoi(row[1]);
    EXPECT_EQ(found, expected_) << after;
  }

  void expect_nothing_set_aside() {
    for (const auto& file : files_below(data_)) EXPECT_FALSE(file.string().contains(".damaged-")) << file;
  }

  TempFolder folder_;
  std::filesystem::path data_;
  bool mounted_ = false;
  std::optional<Server> server_;
  std::optional<PoolClient> client_;
  std::map<int, int> expected_;  ///< rows by push
};

TEST_P(SmallDisk, APoolIsNotRebuiltWithoutRoomForItAndStaysAsItIs) {
  const auto pool = client_->pool();
  ASSERT_EQ(server_->terminate(), ExitStatus::exited(0));
  const auto file = data_ / "pools" / pool / "pool.db";
  std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
  const std::vector<std::string> rebuild{"doctor", "--rebuild", pool, "--data", data_.string()};
  fill_but(1 << 20);
  const auto refused = run_adit(rebuild);
  EXPECT_EQ(refused.status, ExitStatus::exited(1));
  EXPECT_THAT(refused.output, HasSubstr("Nothing was changed"));
  expect_nothing_set_aside();
  EXPECT_FALSE(std::filesystem::exists(file.parent_path() / "rebuild"));
  release();
  const auto done = run_adit(rebuild);
  EXPECT_EQ(done.status, ExitStatus::exited(0)) << done.output;
  server_->start();
  client_.emplace(server_->http(), pool);
  expect_rows("a rebuild");
}

TEST_P(SmallDisk, UploadsAreRefusedWhileItIsFullAndTakenAfterwards) {
  const auto job = client_->create_job(spec());
  fill_but(0);
  const auto refused = client_->try_upload(job, rows(1, 20'000));
  EXPECT_EQ(refused.status, 507) << refused.body;
  EXPECT_THAT(refused.body, HasSubstr("disk"));
  expect_still_reads();
  release();
  expect_rows("an upload to a full disk");
  client_->upload(job, rows(1, 20'000));
  client_->execute(job);
  EXPECT_EQ(client_->wait(job).at("status"), "DONE");
  expected_[1] = 20'000;
  expect_rows("room");
}

/// The chunk is there, the disk fills up, and then the job is executed, with more and more room for it.
TEST_P(SmallDisk, JobsEndInErrorOrDoneAndTheServerGoesOn) {
  int push = 0;
  int errors = 0;
  for (const std::uint64_t left : {0ULL, 16ULL << 10, 200ULL << 10, 1ULL << 20, 3ULL << 20, 12ULL << 20}) {
    SCOPED_TRACE(left);
    ++push;
    std::string job = client_->create_job(spec());
    // Not staged before the disk is full: large ones are staged when they come.
    const auto bytes = rows(push, 60'000);
    client_->upload(job, bytes);
    fill_but(left);
    const auto executed = client_->try_execute(job);
    if (executed.status != 200) {
      expect_refusal(executed, "execute");
      // Nor can anything else be written; what only reads goes on.
      const auto created = client_->try_create(spec());
      if (created.status != 200) expect_refusal(created, "create");
    }
    expect_still_reads();
    if (executed.status != 200) {
      release();
      client_->execute(job);
    }
    const auto ended = wait_with_room_if_needed(job);
    if (ended.at("status") == "DONE") {
      expected_[push] = 60'000;
    } else {
      ++errors;
      EXPECT_EQ(ended.at("status"), "ERROR");
      EXPECT_THAT(logs_of(ended), HasSubstr("disk is full")) << logs_of(ended);
    }
    release();
    expect_rows("room again");
    const auto again = client_->push(spec(), {bytes});
    EXPECT_EQ(again.at("status"), "DONE") << logs_of(again);
    expected_[push] = 60'000;
    expect_rows("the same push once more");
    ASSERT_TRUE(server_->running());
    client_->push_done(parquet_job("REPLACE", "t", {{"keys", {"k"}}}), {rows(0, 1000)});
    expected_ = {{0, 1000}};
  }
  std::printf("engine in process %s: %d jobs of %d ended in ERROR\n", GetParam(), errors, push);
  EXPECT_EQ(server_->terminate(), ExitStatus::exited(0));
  server_->start();
  const auto pool = client_->pool();
  client_.emplace(server_->http(), pool);
  expect_rows("a restart");
  expect_nothing_set_aside();
}

/// Nobody else fills it: pushes do, until one is refused. A pool that is deleted makes room.
TEST_P(SmallDisk, PushesFillItAndARemovedPoolMakesRoom) {
  PoolClient other(*server_);
  const auto bytes = rows(1, 150'000);
  std::string why;
  int pushed = 0;
  while (why.empty() && pushed < 100) {
    const auto job = other.create_job(parquet_job("DELTA", "t"));
    const auto uploaded = other.try_upload(job, bytes);
    if (uploaded.status != 200) {
      expect_refusal(uploaded, "upload");
      EXPECT_EQ(uploaded.status, 507);
      why = "507";
      break;
    }
    other.execute(job);
    const auto ended = other.wait(job);
    if (ended.at("status") == "DONE") {
      ++pushed;
    } else {
      why = logs_of(ended);
      EXPECT_THAT(why, HasSubstr("disk is full"));
    }
  }
  EXPECT_FALSE(why.empty()) << "the disk did not fill up";
  EXPECT_GT(pushed, 0);
  const auto counted = other.try_query("SELECT count(*) FROM t");
  if (counted.status == 200) {
    EXPECT_EQ(cell_text(counted.json().at("rows").at(0).at(0)), std::to_string(pushed * 150'000));
  } else {
    expect_refusal(counted, "query");
  }
  expect_still_reads();
  EXPECT_EQ(client_->http().del("/adit/api/v1/pools/" + other.pool()).status, 204);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (free_bytes() < (80ULL << 20) && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  EXPECT_EQ(client_->push(spec(), {rows(1, 1000)}).at("status"), "DONE");
  expected_[1] = 1000;
  expect_rows("room");
  EXPECT_EQ(server_->terminate(), ExitStatus::exited(0));
}

INSTANTIATE_TEST_SUITE_P(EngineInProcess, SmallDisk, ::testing::Values("true", "false"));

}  // namespace
}  // namespace adit::test
