// Chunks that can't be read, and names that want to be more than names. After each the server does its work.
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

class BadChunk : public SurvivingServerTest {
 protected:
  /// Uploads to a new job, expects a 400 with a reason, and that nothing is kept.
  void expect_refused(json::object spec, const std::string& bytes, const std::string& words = "") {
    const auto job = pool().create_job(std::move(spec));
    const auto response = pool().try_upload(job, bytes);
    expect_error_body(response, 400);
    EXPECT_NE(response.body.find(words), std::string::npos) << response.body;
    EXPECT_EQ(response.body.find(server().data().string()), std::string::npos)
        << "a path leaked: " << response.body;
    EXPECT_TRUE(pool().chunks(job).empty());
    EXPECT_EQ(pool().status(job), "NEW");
  }
  /// Uploads to a new job (200), then expects the chunk to fail, the job to end in ERROR and no table to be.
  std::string expect_failed(json::object spec, const std::string& bytes) {
    const auto job = pool().create_job(std::move(spec));
    pool().upload(job, bytes);
    const auto chunk = pool().wait_staged(job)[0];
    EXPECT_EQ(field(chunk, "adit.state"), "FAILED") << json::serialize(chunk);
    EXPECT_FALSE(field(chunk, "adit.errors").as_array().empty());
    EXPECT_EQ(pool().status(job), "NEW");
    pool().execute(job);
    const auto done = pool().wait(job);
    EXPECT_EQ(done.at("status"), "ERROR");
    EXPECT_FALSE(logs_of(done).empty());
    EXPECT_EQ(logs_of(done).find(server().data().string()), std::string::npos)
        << "a path leaked: " << logs_of(done);
    EXPECT_TRUE(pool().tables().empty());
    return logs_of(done);
  }
};

TEST_F(BadChunk, CsvInAParquetJobIs400) { expect_refused(parquet_job("REPLACE", "t"), "id,name\n1,one\n"); }

TEST_F(BadChunk, ParquetInACsvJobIs400) {
  expect_refused(csv_job("REPLACE", "t"), parquet_of("SELECT range AS id, 'x' AS name FROM range(1000)"));
}

TEST_F(BadChunk, AnEmptyFileIs400) {
  expect_refused(csv_job("REPLACE", "t"), "");
  expect_refused(parquet_job("REPLACE", "t"), "");
  const auto job = pool().create_job(csv_job("REPLACE", "t"));
  EXPECT_EQ(pool().http().upload_raw(pool().chunks_path(job), "", "text/csv").status, 400);
}

TEST_F(BadChunk, ATruncatedParquetFileIs400) {
  const auto bytes = parquet_of("SELECT range AS id FROM range(1000)");
  expect_refused(parquet_job("REPLACE", "t"), bytes.substr(0, bytes.size() / 2));
  expect_refused(parquet_job("REPLACE", "t"), bytes.substr(0, bytes.size() - 1));
  expect_refused(parquet_job("REPLACE", "t"), bytes.substr(0, 4));
  expect_refused(parquet_job("REPLACE", "t"), "PAR1PAR1");
}

TEST_F(BadChunk, AParquetFileWithADamagedPageFailsAndIsNamed) {
  auto bytes = parquet_of("SELECT range AS id, hash(range)::VARCHAR AS text FROM range(20000)");
  for (std::size_t i = 100; i < 2000; ++i) bytes[i] = static_cast<char>(bytes[i] ^ 0x5a);
  expect_failed(parquet_job("REPLACE", "t"), bytes);
}

TEST_F(BadChunk, OnlyLineEndsIs400) { expect_refused(csv_job("REPLACE", "t"), "\n\n\n"); }

TEST_F(BadChunk, AColumnTwiceIs400) {
  const std::string words = "has the same name as column 1";
  expect_refused(csv_job("REPLACE", "t"), "id,ID\n1,2\n", words);
  auto bytes = parquet_of("SELECT 1 AS the_id, 2 AS an_id_");
  const std::string second = "an_id_";
  for (auto at = bytes.find(second); at != std::string::npos; at = bytes.find(second))
    bytes.replace(at, second.size(), "THE_ID");
  expect_refused(parquet_job("REPLACE", "t"), bytes, words);
}

TEST_F(BadChunk, ARowWithTooManyFieldsFailsAndIsNamed) {
  const auto logs = expect_failed(csv_job("REPLACE", "t"), "id,name\n1,one\n2,two\n3,three,more\n4,four\n");
  EXPECT_NE(logs.find('4'), std::string::npos) << "line 4 should be named: " << logs;
}

TEST_F(BadChunk, ARowWithTooFewFieldsFailsAndIsNamed) {
  expect_failed(csv_job("REPLACE", "t"), "id,name\n1,one\n2\n3,three\n");
}

TEST_F(BadChunk, AnUnterminatedQuoteFails) {
  expect_failed(csv_job("REPLACE", "t"), "id,name\n1,\"one\n2,two\n3,three\n");
}

TEST_F(BadChunk, TextThatIsNotUtf8Fails) {
  const auto job = pool().create_job(csv_job("REPLACE", "t"));
  const auto response = pool().try_upload(job, "id,name\n1,\xe4rger\n");
  if (response.status == 400) return;
  ASSERT_EQ(response.status, 200) << response.body;
  pool().execute(job);
  EXPECT_EQ(pool().wait(job).at("status"), "ERROR");
  EXPECT_TRUE(pool().tables().empty());
}

TEST_F(BadChunk, AMissingKeyColumnIs400WithTheWordsThatAClientLooksFor) {
  const json::object keys{{"keys", {"id", "part"}}};
  expect_refused(parquet_job("DELTA", "t", keys), parquet_of("SELECT 1 AS id"),
                 "Internal error while validating the Parquet");
  expect_refused(csv_job("DELTA", "t", keys), "id,other\n1,2\n",
                 "Internal error while validating the Parquet");
  expect_refused(csv_job("DELTA", "t", keys), "id,other\n1,2\n", "part");
}

TEST_F(BadChunk, ANullKeyEndsInErrorThatNamesTheRow) {
  for (const bool parquet : {false, true}) {
    const json::object keys{{"keys", {"id"}}};
    const auto job = parquet
                         ? pool().push(parquet_job("DELTA", "t", keys),
                                       {parquet_of("SELECT * FROM (VALUES (1, 'a'), (NULL, 'b')) v(id, v)")})
                         : pool().push(csv_job("DELTA", "t", keys), {"id,v\n1,a\n,b\n"});
    EXPECT_EQ(job.at("status"), "ERROR");
    const auto logs = logs_of(job);
    EXPECT_NE(logs.find("id"), std::string::npos) << logs;
    EXPECT_NE(logs.find("Row 2"), std::string::npos) << logs;
    EXPECT_TRUE(pool().tables().empty());
  }
}

TEST_F(BadChunk, OneBadChunkKeepsTheGoodOnesOut) {
  pool().push_done(csv_job("REPLACE", "t"), {"id,name\n1,one\n"});
  const auto job = pool().push(csv_job("REPLACE", "t"), {"id,name\n2,two\n", "id,name\n3\n"});
  EXPECT_EQ(job.at("status"), "ERROR");
  EXPECT_EQ(pool().rows("SELECT id, name FROM t"), (Rows{{"1", "one"}}));
}

TEST_F(BadChunk, ExecuteWithoutAChunkIs400AndTheJobStaysNew) {
  const auto job = pool().create_job(csv_job("REPLACE", "t"));
  const auto response = pool().try_execute(job);
  EXPECT_EQ(response.status, 400) << response.body;
  EXPECT_EQ(pool().status(job), "NEW");
}

TEST_F(BadChunk, AfterABadUploadTheJobTakesAGoodOne) {
  const auto job = pool().create_job(parquet_job("REPLACE", "t"));
  EXPECT_EQ(pool().try_upload(job, "rubbish").status, 400);
  pool().upload(job, parquet_of("SELECT 1 AS id"));
  pool().execute(job);
  EXPECT_EQ(pool().wait(job).at("status"), "DONE");
  EXPECT_EQ(pool().value("SELECT id FROM t"), "1");
}

class Names : public SurvivingServerTest {
 protected:
  static std::string quoted(const std::string& name) {
    std::string text = "\"";
    for (const char c : name) text += c == '"' ? std::string("\"\"") : std::string(1, c);
    return text + "\"";
  }
};

TEST_F(Names, ATableMayHaveAnyNameThatIsText) {
  pool().push_done(csv_job("REPLACE", "bystander"), {"id\n1\n"});
  const std::vector<std::string> names{"a \"quoted\" name",
                                       "it's",
                                       "../../etc/passwd",
                                       "t; DROP TABLE bystander; --",
                                       "'); DROP TABLE bystander; --",
                                       "🚀 Ünïcödé 表",
                                       "select",
                                       "a.b.c",
                                       "with\nline end",
                                       "/etc/passwd",
                                       "file.csv",
                                       " ",
                                       "%s%n{}",
                                       std::string(200, 'x')};
  for (const auto& name : names) {
    SCOPED_TRACE(name);
    pool().push_done(csv_job("REPLACE", name), {"id,v\n1,first\n"});
    pool().push_done(csv_job("DELTA", name, {{"keys", {"id"}}}), {"id,v\n1,second\n2,third\n"});
    EXPECT_EQ(pool().rows("SELECT id, v FROM " + quoted(name) + " ORDER BY id"),
              (Rows{{"1", "second"}, {"2", "third"}}));
  }
  EXPECT_EQ(pool().tables().size(), names.size() + 1);
  EXPECT_EQ(pool().value("SELECT count(*) FROM bystander"), "1");
}

TEST_F(Names, AColumnMayHaveAnyNameThatIsText) {
  pool().push_done(csv_job("DELTA", "t", {{"keys", {"the \"key\""}}}),
                   {"\"the \"\"key\"\"\",\"x'); DROP TABLE t; --\",../up,ü 🚀,select\n1,a,b,c,d\n"});
  pool().push_done(csv_job("DELTA", "t", {{"keys", {"the \"key\""}}}), {"\"the \"\"key\"\"\",select\n1,D\n"});
  EXPECT_EQ(
      pool().rows(
          "SELECT \"the \"\"key\"\"\", \"x'); DROP TABLE t; --\", \"../up\", \"ü 🚀\", \"select\" FROM t"),
      (Rows{{"1", "a", "b", "c", "D"}}));
}

TEST_F(Names, TheNamesOfOurOwnTablesAreNotForPushing) {
  for (const char* name : {"adit", "adit.landings", "adit_staging"}) {
    const auto job = pool().push(csv_job("REPLACE", name), {"id\n1\n"});
    EXPECT_EQ(job.at("status"), "DONE") << name << ": " << logs_of(job);
    EXPECT_EQ(pool().value("SELECT id FROM " + quoted(name)), "1");
  }
}

}  // namespace
}  // namespace adit::test
