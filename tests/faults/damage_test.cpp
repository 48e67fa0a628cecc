// What the disk has damaged: one file of a data folder at a time, of every kind, at offsets spread by a seed.
// The real server starts on it or refuses and says why; whatever it serves is what was acknowledged, and what
// it does not serve is named by `adit doctor`.
//
//   DAMAGE_ROUNDS=500 DAMAGE_SEED=7 damage_test      more of it; a run with the same seed is the
//   same run
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <thread>

#include "faults/rng.h"
#include "support/command_line.h"
#include "support/environment.h"
#include "support/files_below.h"
#include "support/push_client.h"
#include "support/server.h"
#include "support/test_data.h"

namespace adit::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

/// What a table must hold, or a job be, as far as anybody can say.
struct Acknowledged {
  std::map<std::string, std::map<std::string, std::string>> tables;  ///< pool, table, digest of its rows
  std::map<std::string, std::map<std::string, std::string>> jobs;    ///< pool, job, final state
};

/// How a file was damaged.
struct Damage {
  fs::path file;  ///< below the data folder
  std::string what;
};

constexpr auto kKinds = std::to_array<std::string_view>(
    {"pool.db", "pool.db.wal", "catalog.db", "catalog.db-wal", "chunk", "small"});

class DamageTest : public ::testing::Test {
 protected:
  void SetUp() override {
    seed_ = from_environment("DAMAGE_SEED", std::random_device{}());
    rounds_ = from_environment("DAMAGE_ROUNDS", 8);
    std::cout << "seed " << seed_ << ", " << rounds_ << " rounds" << std::endl;
    rng_.emplace(seed_);
  }

  ServerOptions options() const {
    return {.flags = {"--tls-listen", "off", "--execute-limits", "off"},
            .environment = {{"ADIT_ENGINE_IN_PROCESS", in_process_ ? "true" : "false"}},
            .data = data_};
  }

  /// Three pools, and jobs in all states. Killed, so that the logs are full, or stopped.
  void build() {
    fs::remove_all(data_);
    acknowledged_ = {};
    waiting_.clear();
    Server server(options());
    server.start();
    for (int pool = 0; pool < 3; ++pool) fill_pool(server);
    end_with_work_under_way(server);
    server_key_ = server.admin_key();
    fs::remove_all(well_);
    fs::copy(data_, well_, fs::copy_options::recursive);
    const auto ended = CommandLine({.arguments = {"doctor", "--json", "--data", data_.string()}}).wait();
    EXPECT_EQ(json::parse(ended.out).at("findings").as_array().size(), 0U) << ended.out;
  }

  void fill_pool(const Server& server) {
    PoolClient client(server);
    const auto done = [&](json::object spec, const std::vector<std::string>& chunks) {
      const auto job = client.push(std::move(spec), chunks);
      if (job.at("status") != "DONE") throw std::runtime_error("a push did not land: " + logs_of(job));
      acknowledged_.jobs[client.pool()][std::string(job.at("id").as_string())] = "DONE";
    };
    const auto rows = std::to_string(500 + rng_->below(20000));
    done(parquet_job("DELTA", "big", {{"keys", {"id"}}}),
         {parquet_of("SELECT range AS id, md5(range::VARCHAR) AS text FROM range(" + rows + ")")});
    done(csv_job("DELTA", "big", {{"keys", {"id"}}}), {"id,text\n1,changed\n70000,new\n"});
    done(csv_job("REPLACE", "small"), {"id,text\n1,old\n"});
    done(csv_job("REPLACE", "small"), {"id,text\n1,new\n", "id,text\n2,new\n"});
    done(csv_job("DELTA", "gone"), {"id,text\n1,x\n"});
    const auto tables = "/adit/api/v1/pools/" + client.pool() + "/tables/";
    client.http().post_json(tables + "big/delete-rows", {{"where", "id = 3"}});
    client.http().del(tables + "gone");
    const auto failed = client.push(csv_job("REPLACE", "failed"), {"id\n\"1\n"});
    acknowledged_.jobs[client.pool()][std::string(failed.at("id").as_string())] =
        std::string(failed.at("status").as_string());
    const auto canceled = client.create_job(csv_job("REPLACE", "canceled"));
    client.upload(canceled, "id,text\n1,x\n");
    client.try_cancel(canceled);
    acknowledged_.jobs[client.pool()][canceled] = "CANCELED";
    client.create_job(csv_job("REPLACE", "empty"));
    const auto waiting = client.create_job(csv_job("REPLACE", "waiting"));
    client.upload(waiting, "id,text\n1,one\n2,two\n");
    waiting_[client.pool()] = waiting;
    for (const auto& table : client.tables())
      acknowledged_.tables[client.pool()][table] = client.value(digest_of(table));
  }

  void end_with_work_under_way(Server& server) {
    if (rng_->chance(30)) {
      server.terminate();
      return;
    }
    PoolClient client(server.http(), acknowledged_.tables.begin()->first);
    const auto job = client.create_job(csv_job("REPLACE", "late"));
    client.upload(job, "id,text\n1,late\n");
    client.execute(job);
    server.kill();
  }

  static std::string digest_of(const std::string& table) {
    return "SELECT count(*) || ' ' || bit_xor(hash(id, text)) FROM " + table;
  }

  std::vector<fs::path> files_of(std::string_view kind) const {
    std::vector<fs::path> found;
    for (const auto& file : files_below(data_)) {
      const auto path = file.lexically_relative(data_).string();
      const auto name = file.filename().string();
      const bool small = name == "format.json" || name == "listen.json" || name == "admin.key";
      if (fs::file_size(file) == 0) continue;
      if (kind == "chunk" ? path.starts_with("chunks/") : kind == "small" ? small : name == kind)
        found.push_back(file);
    }
    std::ranges::sort(found);
    return found;
  }

  /// Nothing where there is no such file: a pool that was closed has no log.
  std::optional<Damage> damage(std::string_view kind) {
    auto files = files_of(kind);
    if (files.empty()) return std::nullopt;
    const auto file = rng_->pick(files);
    const auto size = fs::file_size(file);
    // Heads are small and matter most.
    const auto offset =
        rng_->chance(30) ? rng_->below(std::min<std::uint64_t>(size, 12288)) : rng_->below(size);
    const auto way = rng_->below(10);
    Damage done{file.lexically_relative(data_),
                "at " + std::to_string(offset) + " of " + std::to_string(size)};
    if (way < 2) {
      fs::resize_file(file, offset);
      done.what = "cut " + done.what;
    } else if (way < 4) {
      const auto block = offset / 512 * 512;
      overwrite(file, block, std::string(std::min<std::uint64_t>(512, size - block), '\0'));
      done.what = "zeroed 512 bytes " + done.what;
    } else {
      const auto bit = static_cast<char>(1U << rng_->below(8));
      std::ifstream stream(file, std::ios::binary);
      stream.seekg(static_cast<std::streamoff>(offset));
      overwrite(file, offset, std::string(1, static_cast<char>(stream.get() ^ bit)));
      done.what = "flipped a bit " + done.what;
    }
    return done;
  }
  static void overwrite(const fs::path& file, std::uint64_t offset, const std::string& bytes) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(static_cast<std::streamoff>(offset));
    stream << bytes;
  }

  void round(std::uint64_t number) {
    const auto kind = kKinds.at(number % kKinds.size());
    if (number % 24 == 0) build();
    in_process_ = rng_->chance(50);
    fs::remove_all(data_);
    fs::copy(well_, data_, fs::copy_options::recursive);
    const auto damaged = damage(kind);
    if (!damaged) return;
    ++damaged_;
    SCOPED_TRACE(damaged->file.string() + ": " + damaged->what +
                 (in_process_ ? ", one process" : ", engine processes") + ", round " +
                 std::to_string(number));
    Server server(options());
    const auto log_begin = server.log_bytes();
    const auto failures_before = failures();
    try {
      server.start();
    } catch (const StartFailure&) {
      expect_good_refusal(server, *damaged, log_begin);
      return;
    }
    std::vector<std::string> absent;
    try {
      look(server, *damaged, absent);
    } catch (const std::runtime_error& error) {
      // Half-way through a job its row may not be readable any more.
      absent.emplace_back(error.what());
      EXPECT_TRUE(damaged->file.string().starts_with("catalog")) << error.what();
    }
    if (!server.running()) ADD_FAILURE() << "the server has ended";
    EXPECT_EQ(server.terminate(), ExitStatus::exited(0));
    expect_named(server, *damaged, absent);
    if (failures() > failures_before) std::cout << server.log(log_begin) << std::endl;
  }

  static int failures() {
    return ::testing::UnitTest::GetInstance()->current_test_info()->result()->total_part_count();
  }

  void expect_good_refusal(Server& server, const Damage& damaged, std::size_t log_begin) {
    ++refused_;
    const auto end = server.wait(std::chrono::seconds(10));
    ASSERT_TRUE(end.has_value()) << "neither ready nor ended: " << server.log(log_begin);
    EXPECT_TRUE(end->code.has_value() && *end->code == 6)
        << "it ended by a signal, or as if it were worth trying again";
    const auto said = server.log(log_begin);
    const auto name = damaged.file.filename().string();
    EXPECT_THAT(said, testing::HasSubstr(name.starts_with("catalog.db") ? "catalog.db" : name));
    EXPECT_THAT(said, testing::AnyOf(testing::HasSubstr("adit restore"), testing::HasSubstr("backup")));
  }

  /// What is served must be what was acknowledged; what is not is put into `absent`.
  void look(Server& server, const Damage& damaged, std::vector<std::string>& absent) {
    const auto pool_of_damage =
        damaged.file.string().starts_with("pools/") ? (*++damaged.file.begin()).string() : "";
    for (const auto& [pool, tables] : acknowledged_.tables) {
      PoolClient client(Http(server.address(), server_key_), pool);
      for (const auto& [table, digest] : tables) {
        const auto answer = client.try_query(digest_of(table));
        if (answer.status == 200) {
          EXPECT_EQ(cell_text(answer.json().at("rows").at(0).at(0)), digest) << pool << " " << table;
          continue;
        }
        EXPECT_TRUE(damaged.file.string().starts_with("catalog") || pool == pool_of_damage)
            << "another pool suffers: " << answer.body;
        // It opened all the same, so the damage shows now, and the operator is told.
        if (pool == pool_of_damage) {
          EXPECT_THAT(server.log(), testing::HasSubstr("adit doctor --rebuild " + pool)) << answer.body;
        }
        absent.push_back("table " + table + ": " + std::to_string(answer.status) + answer.body);
      }
      look_at_jobs(client, damaged, absent);
      execute_waiting(client, damaged, absent);
    }
  }

  void look_at_jobs(PoolClient& client, const Damage& damaged, std::vector<std::string>& absent) {
    for (const auto& [job, status] : acknowledged_.jobs.at(client.pool())) {
      const auto answer = client.http().get(client.job_path(job));
      if (answer.status == 200) {
        // A log that lost its end tells an earlier state.
        if (!damaged.file.string().starts_with("catalog"))
          EXPECT_EQ(answer.json().at("status").as_string(), status);
        else if (answer.json().at("status").as_string() != status)
          absent.push_back("job " + job + " is not " + status);
      } else {
        EXPECT_TRUE(damaged.file.string().starts_with("catalog")) << answer.body;
        absent.push_back("job " + job + ": " + std::to_string(answer.status));
      }
    }
  }

  /// A job that waited lands whole, or not at all, with a reason.
  void execute_waiting(PoolClient& client, const Damage& damaged, std::vector<std::string>& absent) {
    const auto& job = waiting_.at(client.pool());
    const auto executed = client.try_execute(job);
    if (executed.status != 200) {
      EXPECT_TRUE(damaged.file.string().starts_with("catalog")) << executed.body;
      absent.push_back("waiting job: " + std::to_string(executed.status));
      return;
    }
    const auto ended = client.wait(job);
    const auto rows = client.try_query("SELECT string_agg(id || text, ' ' ORDER BY id) FROM waiting");
    if (ended.at("status") == "DONE" && rows.status == 200) {
      EXPECT_EQ(cell_text(rows.json().at("rows").at(0).at(0)), "1one 2two");
    } else if (ended.at("status") == "ERROR") {
      EXPECT_NE(rows.status, 200);
      EXPECT_NE(logs_of(ended), "");
      absent.push_back("waiting job: ERROR");
    } else {
      ADD_FAILURE() << "the waiting job is " << ended.at("status") << ", its table " << rows.body;
    }
  }

  /// What a cut took of a pool's end may have been zeros, which the next checkpoint has put back.
  bool all_tables_are_there(Server& server) {
    server.start();
    bool all = true;
    for (const auto& [pool, tables] : acknowledged_.tables) {
      PoolClient client(Http(server.address(), server_key_), pool);
      for (const auto& [table, digest] : tables) {
        const auto answer = client.try_query(digest_of(table));
        all = all && answer.status == 200 && cell_text(answer.json().at("rows").at(0).at(0)) == digest;
      }
    }
    server.terminate();
    return all;
  }

  void expect_named(Server& server, const Damage& damaged, const std::vector<std::string>& absent) {
    const auto ended = CommandLine({.arguments = {"doctor", "--json", "--data", data_.string()}}).wait();
    ASSERT_TRUE(ended.status.code.has_value()) << "adit doctor ended by a signal";
    if (absent.empty()) return;
    ++suffered_;
    // SQLite has no checksums: a key's digest with another bit is another key, and nobody can tell.
    if (damaged.file.string() == "catalog.db" &&
        std::ranges::all_of(absent, [](const auto& line) { return line.find("401") != std::string::npos; }))
      return;
    const auto report = ended.out.empty() ? json::object() : json::parse(ended.out).as_object();
    const bool named = report.contains("findings") && !report.at("findings").as_array().empty();
    EXPECT_TRUE(named || (damaged.file.filename() == "pool.db" && all_tables_are_there(server)))
        << "nobody names what is missing: " << testing::PrintToString(absent) << ended.err;
  }

  const TempFolder folder_;
  const fs::path data_ = folder_.path() / "data";
  const fs::path well_ = folder_.path() / "well";
  std::uint64_t seed_ = 0;
  std::uint64_t rounds_ = 0;
  std::optional<Rng> rng_;
  bool in_process_ = true;
  Acknowledged acknowledged_;
  std::map<std::string, std::string> waiting_;
  std::string server_key_;
  std::uint64_t damaged_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t suffered_ = 0;
};

TEST_F(DamageTest, IsRepairedRefusedOrNamedAndNeverServed) {
  for (std::uint64_t number = 0; number < rounds_; ++number) {
    round(number);
    if (HasFatalFailure()) break;
  }
  std::cout << damaged_ << " files damaged, " << refused_ << " starts refused, " << suffered_
            << " rounds with something missing" << std::endl;
}

}  // namespace
}  // namespace adit::test
