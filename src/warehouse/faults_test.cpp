// Disks that fail or are full, transactions that meet, targets that are no tables.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstring>

#include "base/file.h"
#include "warehouse/duckdb/job_work.h"
#include "warehouse/warehouse_fixture.h"

namespace adit {
namespace {

using Lines = std::vector<std::string>;
using testing::Contains;
using testing::HasSubstr;

/// A disk on which fsync of a folder fails when told to.
class UnsureDisk : public WarehouseTest {
 protected:
  void SetUp() override {
    WarehouseTest::SetUp();
    auto unsure = options();
    unsure.folder_sync = [this](const std::filesystem::path& folder) -> Result<void> {
      if (failing_) return internal("fsync: Input/output error");
      return sync_folder(folder);
    };
    open(unsure);
  }

  std::atomic<bool> failing_ = false;
};

TEST_F(UnsureDisk, LandingThatIsNotConfirmedHasLandedAndSaysSo) {
  job("t").csv("a,b\n1,x\n").land();
  auto pushed = job("t", JobType::kDelta, {"a"}).csv("a,b\n1,y\n2,z\n");
  ASSERT_TRUE(pushed.stage_last());
  // The next commit makes the log anew.
  ASSERT_TRUE(warehouse_->checkpoint(pool_));
  failing_ = true;
  pushed.land();
  EXPECT_THAT(pushed.landing().notes, Contains(HasSubstr("did not confirm")));
  EXPECT_EQ(pushed.landing().rows, 2U);
  EXPECT_EQ(rows("SELECT a, b FROM t ORDER BY a"), (Lines{"1|y", "2|z"}));

  failing_ = false;
  auto next = job("t", JobType::kDelta, {"a"}).csv("a,b\n3,w\n").land();
  EXPECT_THAT(next.landing().notes, Not(Contains(HasSubstr("did not confirm"))));
  EXPECT_EQ(rows("SELECT count(*) FROM t"), (Lines{"3"}));
}

TEST_F(UnsureDisk, StagedRowsNeedNoConfirmation) {
  job("t").csv("a\n1\n").land();
  ASSERT_TRUE(warehouse_->checkpoint(pool_));
  failing_ = true;
  auto pushed = job("t", JobType::kDelta).csv("a\n2\n").csv("a\n3\n").land();
  EXPECT_EQ(pushed.landing().rows, 2U);
  EXPECT_EQ(rows("SELECT a FROM t ORDER BY a"), (Lines{"1", "2", "3"}));
}

TEST_F(UnsureDisk, CheckpointThatIsNotConfirmedHasNotPassed) {
  job("t").csv("a\n1\n").land();
  failing_ = true;
  EXPECT_FALSE(warehouse_->checkpoint(pool_));
  failing_ = false;
  EXPECT_TRUE(warehouse_->checkpoint(pool_));
}

/// Pools on a small volume of memory, which a namespace of this process has to itself.
class FullDisk : public WarehouseTest {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("adit-warehouse-" + Uuid::random().to_string());
    std::filesystem::create_directories(folder_ / "chunks");
    std::filesystem::create_directories(folder_ / "pools");
    if (!enter_namespace() ||
        ::mount("tmpfs", (folder_ / "pools").c_str(), "tmpfs", 0, "size=32m,mode=0700") != 0) {
      GTEST_SKIP() << "this machine allows no namespaces: " << std::strerror(errno);
    }
    mounted_ = true;
    open();
  }
  void TearDown() override {
    warehouse_.reset();
    if (mounted_) ::umount2((folder_ / "pools").c_str(), MNT_DETACH);
    WarehouseTest::TearDown();
  }

  static bool enter_namespace() {
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
  }

  /// Leaves `bytes` free.
  void fill_but(std::uint64_t bytes) const {
    const auto ballast = folder_ / "pools" / "ballast";
    const FileHandle file(::open(ballast.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    const auto free = free_bytes(folder_ / "pools");
    ASSERT_TRUE(file && free);
    ASSERT_EQ(::posix_fallocate(file.get(), 0, static_cast<off_t>(*free - bytes)), 0);
  }
  void release() const { std::filesystem::remove(folder_ / "pools" / "ballast"); }
  bool set_anything_aside() const {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ / "pools")) {
      if (entry.path().string().contains(".damaged-")) return true;
    }
    return false;
  }

  bool mounted_ = false;
};

TEST_F(FullDisk, StagingSaysSoAndGoesThroughLater) {
  job("t").csv("a,b\n1,x\n").land();
  auto pushed = job("t").parquet("SELECT range AS a, md5(range::VARCHAR) AS b FROM range(250000)");
  fill_but(1 << 20);
  const auto staged = pushed.stage_last();
  ASSERT_FALSE(staged);
  EXPECT_EQ(staged.error().kind, ErrorKind::kStorageFull) << staged.error().internal_detail;
  EXPECT_EQ(rows("SELECT a, b FROM t"), (Lines{"1|x"}));

  release();
  pushed.land();
  EXPECT_EQ(rows("SELECT count(*), sum(a) FROM t"), (Lines{"250000|31249875000"}));
  EXPECT_FALSE(set_anything_aside());
}

TEST_F(FullDisk, LandingLeavesTheTableAsItWasAndGoesThroughLater) {
  job("t").parquet("SELECT range AS a, md5(range::VARCHAR) AS b FROM range(50000)").land();
  auto pushed = job("t", JobType::kDelta, {"a"})
                    .parquet("SELECT range AS a, md5((range + 1)::VARCHAR) AS b FROM range(50000)");
  ASSERT_TRUE(pushed.stage_last());
  const auto before = rows("SELECT count(*), min(b), max(b) FROM t");
  fill_but(0);
  const auto landed = warehouse_->land(pushed.plan(), {});
  ASSERT_FALSE(landed);
  EXPECT_EQ(landed.error().kind, ErrorKind::kStorageFull) << landed.error().internal_detail;

  release();
  EXPECT_EQ(rows("SELECT count(*), min(b), max(b) FROM t"), before);
  EXPECT_FALSE(*warehouse_->landed(pool_, pushed.plan().stage.job));
  pushed.land();
  EXPECT_EQ(rows("SELECT b FROM t WHERE a = 7"), rows("SELECT md5('8')"));
  EXPECT_FALSE(set_anything_aside());
}

/// The engine gives up an instance whose checkpoint finds no space; it has to be closed and opened again.
TEST_F(FullDisk, PoolThatTheEngineGaveUpIsOpenedAgainWithEverything) {
  auto first = job("t").parquet("SELECT range AS a, md5(range::VARCHAR) AS b FROM range(100000)").land();
  job("t", JobType::kDelta, {"a"}).csv("a,b\n1,changed\n").land();
  fill_but(0);
  const auto passed = warehouse_->checkpoint(pool_);
  ASSERT_FALSE(passed);
  EXPECT_EQ(passed.error().kind, ErrorKind::kStorageFull) << passed.error().internal_detail;

  release();
  EXPECT_EQ(rows("SELECT count(*) FROM t"), (Lines{"100000"}));
  EXPECT_EQ(rows("SELECT b FROM t WHERE a = 1"), (Lines{"changed"}));
  EXPECT_TRUE(*warehouse_->landed(pool_, first.plan().stage.job));
  job("t", JobType::kDelta, {"a"}).csv("a,b\n2,later\n").land();
  EXPECT_EQ(rows("SELECT b FROM t WHERE a = 2"), (Lines{"later"}));
  EXPECT_TRUE(warehouse_->checkpoint(pool_));
  EXPECT_FALSE(set_anything_aside());
}

/// An open pool without a warehouse around it, beside which another transaction can be held.
class MeetingTransactions : public WarehouseTest {
 protected:
  /// Ends the other transaction when it is asked for the time for the second time: landings ask once each.
  class EndingClock final : public Clock {
   public:
    explicit EndingClock(Connection& other) : other_(other) {}
    Timestamp now() const override {
      if (++asked == 2) {
        EXPECT_TRUE(try_run(other_, "ROLLBACK"));
      }
      return FixedClock().now();
    }
    mutable int asked = 0;

   private:
    Connection& other_;
  };

  void SetUp() override {
    WarehouseTest::SetUp();
    warehouse_.reset();
    auto opened = OpenPool::open(pool_, {.folder = folder_ / "pools" / pool_.to_string(),
                                         .chunks_root = folder_ / "chunks",
                                         .memory_bytes = 300 << 20});
    ASSERT_TRUE(opened) << opened.error().error.internal_detail;
    open_pool_ = std::move(*opened);
    ASSERT_TRUE(work(clock_).land(job("t").csv("a,b\n1,x\n2,y\n").plan(), {}));
    other_ = *open_pool_->connect();
    ASSERT_TRUE(try_run(other_, "BEGIN; DELETE FROM t WHERE a = 1"));
  }
  void TearDown() override {
    other_ = Connection();
    open_pool_.reset();
    WarehouseTest::TearDown();
  }

  JobWork work(const Clock& clock) { return {*open_pool_, interrupter_, clock}; }
  std::string value_of_first() {
    auto connection = open_pool_->connect();
    const auto rows = try_run(*connection, "SELECT b FROM t WHERE a = 1");
    return rows ? rows->text(0, 0).value_or("NULL") : rows.error().message;
  }

  Interrupter interrupter_;
  std::unique_ptr<OpenPool> open_pool_;
  Connection other_;
};

TEST_F(MeetingTransactions, LandingIsTriedAgainUntilTheOtherHasEnded) {
  const EndingClock clock(other_);
  const auto landed = work(clock).land(job("t", JobType::kDelta, {"a"}).csv("a,b\n1,new\n").plan(), {});
  ASSERT_TRUE(landed) << landed.error().internal_detail;
  EXPECT_EQ(clock.asked, 2);
  EXPECT_EQ(landed->rows, 1U);
  EXPECT_EQ(value_of_first(), "new");
}

TEST_F(MeetingTransactions, ConflictThatStaysIsSaidAndTheSameLandingGoesThroughLater) {
  auto pushed = job("t", JobType::kDelta, {"a"}).csv("a,b\n1,new\n");
  const auto landed = work(clock_).land(pushed.plan(), {});
  ASSERT_FALSE(landed);
  EXPECT_EQ(landed.error().kind, ErrorKind::kConflict) << landed.error().internal_detail;
  EXPECT_EQ(value_of_first(), "x");
  ASSERT_TRUE(try_run(other_, "ROLLBACK"));
  ASSERT_TRUE(work(clock_).land(pushed.plan(), {}));
  EXPECT_EQ(value_of_first(), "new");
}

class OddTargets : public WarehouseTest {};

TEST_F(OddTargets, ViewIsRefusedAndStays) {
  job("t").csv("a\n1\n").land();
  warehouse_.reset();
  {
    auto database = Database::open((folder_ / "pools" / pool_.to_string() / "pool.db").string(), {});
    ASSERT_TRUE(database) << database.error().message;
    auto connection = database->connect();
    ASSERT_TRUE(try_run(*connection, "CREATE VIEW \"Sums\" AS SELECT sum(a) AS s FROM t"));
  }
  open();
  for (const auto type : {JobType::kReplace, JobType::kDelta}) {
    auto pushed = job("sums", type).csv("s\n5\n");
    const auto landed = warehouse_->land(pushed.plan(), {});
    ASSERT_FALSE(landed);
    EXPECT_EQ(landed.error().kind, ErrorKind::kInvalid);
    EXPECT_THAT(landed.error().public_message, HasSubstr("\"Sums\" is a view"));
  }
  EXPECT_EQ(rows("SELECT s FROM \"Sums\""), (Lines{"1"}));
}

}  // namespace
}  // namespace adit
