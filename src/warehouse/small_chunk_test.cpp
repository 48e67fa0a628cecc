// Small chunks are read by adit's own code and held in memory; larger ones by the engine, into a staging
// table. Both ways must end in the same table, or in the same errors, for any file.
#include <gtest/gtest.h>

#include <random>

#include "warehouse/warehouse_fixture.h"

namespace adit {
namespace {

/// Texts around the borders of every type, and what CSV can do to them.
const std::vector<std::string>& texts() {
  static const std::vector<std::string> kTexts = {"",
                                                  "0",
                                                  "1",
                                                  "-1",
                                                  "-0",
                                                  "00",
                                                  "007",
                                                  "+5",
                                                  " 5",
                                                  "5 ",
                                                  "9223372036854775807",
                                                  "9223372036854775808",
                                                  "-9223372036854775808",
                                                  "1.5",
                                                  "-0.25",
                                                  ".5",
                                                  "5.",
                                                  "0.1",
                                                  "123456789012.25",
                                                  "1234567890123.25",
                                                  "1e5",
                                                  "1E-3",
                                                  "0.30000000000000004",
                                                  "99999999999999.9",
                                                  "0.1234567890123456",
                                                  "0.12345678901234567",
                                                  "1.5000000000000000000",
                                                  "1.2345678901234567E-5",
                                                  "12345678901234567.0",
                                                  "100000000000000000000",
                                                  "1e300",
                                                  "1e400",
                                                  "1e-400",
                                                  "5e-324",
                                                  "+.30000000000000004",
                                                  "NaN",
                                                  "inf",
                                                  "true",
                                                  "FALSE",
                                                  "True",
                                                  "t",
                                                  "2024-02-29",
                                                  "2023-02-29",
                                                  "0000-01-01",
                                                  "0001-01-01",
                                                  "9999-12-31",
                                                  "10000-01-01",
                                                  "2024-1-1",
                                                  "2024-02-29 12:34:56",
                                                  "2024-02-29T12:34:56",
                                                  "2024-02-29 12:34:56.1",
                                                  "2024-02-29T12:34:56.123456",
                                                  "2024-02-29T12:34:56.1234567",
                                                  "2024-02-29T12:34:56Z",
                                                  "2024-02-29T12:34:56.5+01:30",
                                                  "2024-02-29T12:34:56-0530",
                                                  "2024-02-29T12:34:56-14:00",
                                                  "2024-02-29T12:34:56+15:00",
                                                  "2024-02-29T24:00:00",
                                                  "2024-02-29T23:59:60",
                                                  "2024-02-29T12:34",
                                                  "12:34:56",
                                                  "1969-12-31T23:59:59.999999Z",
                                                  "a",
                                                  "A b",
                                                  "ä",
                                                  "日本",
                                                  "\"\"",
                                                  "\"\"\"\"",
                                                  "\"a\"\"b\"",
                                                  "\"a,b\"",
                                                  "\"a\nb\"",
                                                  "\"a\r\nb\"",
                                                  "\" x \"",
                                                  " \"a\"",
                                                  "\"a\" ",
                                                  " \"a, b\"  ",
                                                  "  \"a\"",
                                                  "\"a\" \"b\"",
                                                  "\"5\"",
                                                  "\"true\"",
                                                  "'x'",
                                                  "a'b",
                                                  "a\"b",
                                                  "\\N",
                                                  "null",
                                                  "NULL",
                                                  "a;b",
                                                  "a|b",
                                                  "a\tb",
                                                  "#x",
                                                  "\"2024-02-29\"",
                                                  "x\\\"y"};
  return kTexts;
}

class Files {
 public:
  explicit Files(unsigned seed) : random_(seed) {}

  /// A file whose columns mostly stay with a few texts each, so that they have a type.
  std::string make(bool keyed) {
    const auto columns = pick(4) + 1;
    std::vector<std::vector<std::string>> values(columns);
    for (auto& choice : values) {
      for (std::size_t i = 0, count = pick(3) + 1; i < count; ++i)
        choice.push_back(texts()[pick(texts().size())]);
    }
    const std::string end = one_in(5) ? "\r\n" : "\n";
    const bool mixed = one_in(6);
    const auto line_end = [&]() -> std::string { return mixed && one_in(2) ? "\r\n" : end; };
    std::string file = one_in(9) ? "\xEF\xBB\xBF" : "";
    for (std::size_t i = 0; i < columns; ++i) file += (i == 0 ? "" : ",") + names_[i];
    file += line_end();
    for (std::size_t row = 0, rows = pick(12); row < rows; ++row) {
      for (std::size_t i = 0; i < columns; ++i) {
        const bool key = keyed && i == 0 && !one_in(20);
        file += (i == 0 ? "" : ",") + (key ? std::to_string(pick(6)) : values[i][pick(values[i].size())]);
      }
      if (one_in(60)) file += ",too many";
      file += line_end();
      if (one_in(40)) file += line_end();
    }
    if (one_in(6)) file.erase(file.find_last_not_of("\r\n") + 1);
    if (one_in(40)) file += "\"open";
    if (one_in(50)) file += "\xFF,";
    return file;
  }

  bool one_in(std::size_t n) { return pick(n) == 0; }
  std::size_t pick(std::size_t below) { return random_() % below; }

 private:
  std::mt19937 random_;
  const std::vector<std::string> names_{"k", "b", "c", "d"};
};

using Lines = std::vector<std::string>;

class SmallChunks : public WarehouseTest {
 protected:
  void SetUp() override {
    WarehouseTest::SetUp();
    auto with = options();
    with.root = folder_ / "staged";
    with.held_chunk_bytes_max = 0;
    auto opened = open_duckdb_warehouse(with, {}, clock_, metrics_);
    ASSERT_TRUE(opened);
    without_ = std::move(*opened);
  }
  void TearDown() override {
    without_.reset();
    WarehouseTest::TearDown();
  }

  /// The same files into a new table, first held, then through a staging table.
  std::pair<Lines, Lines> outcomes(const JobSpec& spec, const Lines& files) {
    const auto table = "t" + std::to_string(++tables_);
    auto held = outcome(table, spec, files);
    std::swap(warehouse_, without_);
    auto staged = outcome(table, spec, files);
    std::swap(warehouse_, without_);
    return {std::move(held), std::move(staged)};
  }

 private:
  /// What became of the jobs, in words.
  Lines outcome(const std::string& table, const JobSpec& spec, const Lines& files) {
    Lines lines;
    for (const auto& file : files) {
      auto pushed = job(table, spec.type, spec.keys);
      pushed.spec().table_schema = spec.table_schema;
      pushed.csv(file);
      lines.push_back(ended(pushed));
    }
    lines.push_back(columns(table));
    const auto sql = "SELECT * EXCLUDE (\"_CELONIS_CHANGE_DATE\") FROM " + table + " ORDER BY ALL";
    for (auto& line : rows(sql)) lines.push_back(std::move(line));
    return lines;
  }

  std::string ended(TestJob& pushed) {
    const auto inspected =
        warehouse_->inspect(pushed.plan().stage, ChunkOperation::kUpsert, pushed.plan().chunks.back().path);
    if (!inspected) return "refused: " + inspected.error().public_message;
    const auto staged = pushed.stage_last();
    if (!staged) return "failed: " + staged.error().internal_detail;
    if (!staged->errors.empty()) return "rejected: " + staged->errors.front().message;
    const auto landing = warehouse_->land(pushed.plan(), {});
    if (!landing) return "not landed: " + landing.error().public_message;
    auto line = "landed " + std::to_string(landing->rows);
    for (const auto& note : landing->notes) line += "; " + note;
    return line;
  }

  std::unique_ptr<Warehouse> without_;
  int tables_ = 0;
};

TEST_F(SmallChunks, EndAsTheEngineAloneWouldHaveThem) {
  constexpr unsigned kSeeds = 100;
  int landed = 0;
  for (unsigned seed = 1; seed <= kSeeds; ++seed) {
    Files files(seed);
    JobSpec spec;
    spec.type = files.one_in(3) ? JobType::kReplace : JobType::kDelta;
    if (files.one_in(3)) spec.keys = {"k"};
    const Lines contents{files.make(!spec.keys.empty()), files.make(!spec.keys.empty())};
    const auto [held, staged] = outcomes(spec, contents);
    ASSERT_EQ(held, staged) << "seed " << seed << "\n" << contents[0] << "----\n" << contents[1];
    landed += held[0].starts_with("landed") ? 1 : 0;
  }
  EXPECT_GT(landed, static_cast<int>(kSeeds) / 2) << "most files should be good ones";
}

TEST_F(SmallChunks, HaveTheSameKeys) {
  JobSpec spec;
  spec.keys = {"k"};
  for (const auto& text : texts()) {
    const auto [held, staged] = outcomes(spec, {"k,w\n" + text + ",1\n" + text + ",2\n"});
    ASSERT_EQ(held, staged) << text;
  }
}

class SmallChunksDeclared : public SmallChunks, public ::testing::WithParamInterface<ColumnType> {};

TEST_P(SmallChunksDeclared, TakeTheSameValues) {
  JobSpec spec;
  spec.type = JobType::kDelta;
  ColumnSchema column;
  column.name = "v";
  column.type = GetParam();
  spec.table_schema = TableSchema{.table_name = {}, .columns = {column}};
  for (const auto& text : texts()) {
    const auto [held, staged] = outcomes(spec, {"v,w\n" + text + ",1\n"});
    ASSERT_EQ(held, staged) << text;
  }
}

INSTANTIATE_TEST_SUITE_P(All, SmallChunksDeclared,
                         ::testing::Values(ColumnType::kInteger, ColumnType::kFloat, ColumnType::kBoolean,
                                           ColumnType::kDate, ColumnType::kDateTime, ColumnType::kTime,
                                           ColumnType::kString));

TEST_F(SmallChunks, BecomeAStagingTableWhenALargeOneFollows) {
  std::string large = "k,v\n";
  for (int i = 0; i < 50'000; ++i) large += std::to_string(i) + ",b\n";
  auto pushed = job("t", JobType::kDelta, {"k"}).csv("k,v\n1,a\n-1,a\n").csv(large).csv("k,v\n2,c\n").land();
  EXPECT_EQ(rows("SELECT v, count(*) FROM t GROUP BY v ORDER BY v"), (Lines{"a|1", "b|49999", "c|1"}));
}

TEST_F(SmallChunks, BecomeAStagingTableWhenTheyAreMany) {
  auto pushed = job("t", JobType::kDelta, {"k"});
  constexpr int kChunks = 40;
  for (int chunk = 0; chunk < kChunks; ++chunk) {
    std::string rows = chunk == 7 ? "k,v,late\n" : "k,v\n";
    for (int i = 0; i < 10'000; ++i) {
      rows += std::to_string(i) + "," + std::to_string(chunk) + (chunk == 7 ? ",x\n" : "\n");
    }
    pushed.csv(rows);
  }
  pushed.land();
  EXPECT_EQ(rows("SELECT count(*), min(v), max(v), count(late) FROM t"), (Lines{"10000|39|39|10000"}));
}

TEST_F(SmallChunks, AreStagedAgainAfterARestart) {
  auto pushed = job("t", JobType::kDelta).csv("a\n1\n").csv("a\n2\n");
  for (const auto& chunk : pushed.plan().chunks)
    ASSERT_TRUE(warehouse_->stage(pushed.plan().stage, chunk, {}));
  open();
  ASSERT_TRUE(warehouse_->land(pushed.plan(), {}));
  EXPECT_EQ(rows("SELECT a FROM t ORDER BY a"), (Lines{"1", "2"}));
}

TEST_F(SmallChunks, LeaveNothingWhenTheirLandingFails) {
  job("t", JobType::kDelta).csv("a\n1\n").land();
  auto pushed = job("t", JobType::kDelta).csv("a,b\n2,x\n");
  ASSERT_TRUE(pushed.stage_last());
  std::stop_source stop;
  stop.request_stop();
  ASSERT_FALSE(warehouse_->land(pushed.plan(), stop.get_token()));
  EXPECT_EQ(columns("t"), "a BIGINT");
  ASSERT_TRUE(warehouse_->land(pushed.plan(), {}));
  EXPECT_EQ(rows("SELECT a, b FROM t ORDER BY a"), (Lines{"1|NULL", "2|x"}));
}

}  // namespace
}  // namespace adit
