// What create accepts, what it refuses, and how it says so.
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

class CreateJob : public ServerTest {
 protected:
  HttpResponse create(json::object more) {
    return pool().try_create(csv_job("REPLACE", "orders", std::move(more)));
  }
};

TEST_F(CreateJob, TargetTableIsAnotherNameForTargetName) {
  const auto job = pool().create({{"targetTable", "orders"}, {"type", "REPLACE"}});
  EXPECT_EQ(job.at("targetName"), "orders");
  EXPECT_FALSE(job.contains("targetTable"));
}

TEST_F(CreateJob, TheOldTypeUpsertReadsAsDelta) {
  EXPECT_EQ(pool().create(csv_job("UPSERT", "orders")).at("type"), "DELTA");
}

TEST_F(CreateJob, WithoutAFileTypeItIsParquet) {
  EXPECT_EQ(pool().create({{"targetName", "orders"}, {"type", "DELTA"}}).at("fileType"), "PARQUET");
}

TEST_F(CreateJob, ExplicitNullsAreAbsentFields) {
  const auto response = create({{"id", nullptr},
                                {"dataPoolId", nullptr},
                                {"connectionId", nullptr},
                                {"dataConnectionId", nullptr},
                                {"status", nullptr},
                                {"keys", nullptr},
                                {"tableSchema", nullptr},
                                {"csvParsingOptions", nullptr},
                                {"fallbackVarcharLength", nullptr},
                                {"upsertStrategy", nullptr},
                                {"allowDuplicate", nullptr},
                                {"foreignKeys", nullptr},
                                {"targetSchema", nullptr},
                                {"postExecutionQuery", nullptr},
                                {"mirrorTargetNames", nullptr},
                                {"logs", nullptr},
                                {"lastModified", nullptr},
                                {"lastPing", nullptr},
                                {"changeDate", nullptr},
                                {"creationDate", nullptr},
                                {"adit", nullptr}});
  EXPECT_EQ(response.status, 200) << response.body;
}

TEST_F(CreateJob, NullsAndZeroLengthsInsideASchemaAreUnset) {
  const json::array columns{{{"columnName", "id"},
                             {"columnType", "INTEGER"},
                             {"fieldLength", 0},
                             {"decimals", 0},
                             {"pkField", nullptr}},
                            {{"columnName", "name"},
                             {"columnType", "STRING"},
                             {"fieldLength", nullptr},
                             {"decimals", nullptr},
                             {"pkField", false}}};
  const json::object options{
      {"escapeSequence", nullptr},    {"quoteSequence", nullptr}, {"separatorSequence", nullptr},
      {"lineEnding", nullptr},        {"charSet", nullptr},       {"decimalSeparator", nullptr},
      {"thousandSeparator", nullptr}, {"dateFormat", nullptr},    {"additionalColumnOptions", nullptr}};
  const auto response = create({{"tableSchema", {{"tableName", nullptr}, {"columns", columns}}},
                                {"csvParsingOptions", options},
                                {"fallbackVarcharLength", 0}});
  ASSERT_EQ(response.status, 200) << response.body;
}

TEST_F(CreateJob, UnknownPropertiesAreIgnored) {
  const auto response =
      create({{"optionalCluster", "x"}, {"nested", {{"deep", {1, 2, 3}}}}, {"sanityCheck", true}});
  EXPECT_EQ(response.status, 200) << response.body;
}

TEST_F(CreateJob, DefaultsThatAreSpelledOutPass) {
  const auto response =
      create({{"allowDuplicate", false},
              {"upsertStrategy", "UPSERT_WITH_UNCHANGED_METADATA"},
              {"mirrorTargetNames", json::array{}},
              {"keys", json::array{}},
              {"logs", json::array{}},
              {"status", "NEW"},
              {"csvParsingOptions", {{"charSet", "UTF-8"}, {"additionalColumnOptions", json::array{}}}},
              {"adit", {{"maxRejectedRows", 0}, {"maxRejectedRatio", 0}, {"schemaMode", "evolve"}}}});
  EXPECT_EQ(response.status, 200) << response.body;
}

TEST_F(CreateJob, WhatAClientSentIsReturned) {
  const json::array columns{{{"columnName", "id"}, {"columnType", "INTEGER"}, {"pkField", true}},
                            {{"columnName", "name"}, {"columnType", "STRING"}, {"fieldLength", 80}}};
  const auto created =
      pool().create(csv_job("DELTA", "orders",
                            {{"tableSchema", {{"tableName", "orders"}, {"columns", columns}}},
                             {"foreignKeys", "a free text"},
                             {"fallbackVarcharLength", 100},
                             {"upsertStrategy", "UPSERT_WITH_NULLIFICATION"},
                             {"changeDate", 1700000000123},
                             {"csvParsingOptions", {{"separatorSequence", ";"}}}}));
  const auto job = pool().job(std::string(created.at("id").as_string()));
  EXPECT_EQ(field(job, "foreignKeys"), "a free text");
  EXPECT_EQ(field(job, "fallbackVarcharLength"), 100);
  EXPECT_EQ(field(job, "upsertStrategy"), "UPSERT_WITH_NULLIFICATION");
  EXPECT_EQ(field(job, "changeDate"), 1700000000123);
  EXPECT_EQ(field(job, "csvParsingOptions.separatorSequence"), ";");
  ASSERT_EQ(field(job, "tableSchema.columns").as_array().size(), 2U);
  EXPECT_EQ(field(field(job, "tableSchema.columns").as_array()[0], "columnName"), "id");
  EXPECT_EQ(field(field(job, "tableSchema.columns").as_array()[0], "pkField"), true);
  EXPECT_EQ(field(field(job, "tableSchema.columns").as_array()[1], "fieldLength"), 80);
}

TEST_F(CreateJob, DatesAreReadAsIso8601Too) {
  const auto job = pool().create(csv_job("DELTA", "orders", {{"changeDate", "2023-11-14T22:13:20.123Z"}}));
  EXPECT_EQ(job.at("changeDate"), 1700000000123);
  EXPECT_EQ(create({{"changeDate", "2023-11-14T22:13:20Z"}}).status, 200);
  EXPECT_EQ(create({{"changeDate", "2023-11-15T00:13:20+02:00"}}).json().at("changeDate"), 1700000000000);
  expect_field_error(create({{"changeDate", "the other day"}}), "changeDate");
}

TEST_F(CreateJob, AMissingTypeIs400ThatNamesIt) {
  expect_field_error(pool().try_create({{"targetName", "orders"}}), "type");
  expect_field_error(pool().try_create({{"targetName", "orders"}, {"type", nullptr}}), "type");
}

TEST_F(CreateJob, AMissingTargetIs400ThatNamesIt) {
  expect_field_error(pool().try_create({{"type", "REPLACE"}}), "targetName");
  expect_field_error(pool().try_create({{"type", "REPLACE"}, {"targetName", ""}}), "targetName");
}

TEST_F(CreateJob, AllMissingFieldsAreNamedAtOnce) {
  const auto response = pool().try_create({});
  expect_field_error(response, "type");
  expect_field_error(response, "targetName");
}

TEST_F(CreateJob, WrongTypesAre400ThatNameTheField) {
  expect_field_error(create({{"targetName", 5}}), "targetName");
  expect_field_error(create({{"type", 5}}), "type");
  expect_field_error(create({{"keys", "id"}}), "keys");
  expect_field_error(create({{"keys", {"id", 7}}}), "keys");
  expect_field_error(create({{"tableSchema", json::array{}}}), "tableSchema");
  expect_field_error(create({{"csvParsingOptions", "comma"}}), "csvParsingOptions");
  expect_field_error(create({{"allowDuplicate", "no"}}), "allowDuplicate");
  expect_field_error(create({{"fallbackVarcharLength", "long"}}), "fallbackVarcharLength");
}

TEST_F(CreateJob, UnknownWordsOfEnumsAre400ThatNameTheField) {
  expect_field_error(create({{"type", "APPEND"}}), "type");
  expect_field_error(create({{"fileType", "XLSX"}}), "fileType");
  expect_field_error(create({{"upsertStrategy", "MERGE"}}), "upsertStrategy");
  expect_field_error(
      create({{"tableSchema", {{"columns", {{{"columnName", "a"}, {"columnType", "MONEY"}}}}}}}),
      "tableSchema.columns[0].columnType");
}

TEST_F(CreateJob, MalformedJsonIs400) {
  for (const char* text :
       {"{", "", "[]", "\"text\"", "nul", "{\"type\":\"REPLACE\",}", "{\"type\":\"REPLACE\"} x"}) {
    const auto response = pool().http().post_text(pool().jobs_path(), text);
    EXPECT_EQ(response.status, 400) << text << ": " << response.body;
  }
  std::string deep(100'000, '[');
  EXPECT_EQ(pool().http().post_text(pool().jobs_path(), deep).status, 400);
  EXPECT_EQ(
      pool().http().post_text(pool().jobs_path(), "{\"targetName\":\"\xff\xfe\",\"type\":\"DELTA\"}").status,
      400);
}

TEST_F(CreateJob, AnotherPoolThanThePathsIs400) {
  EXPECT_EQ(create({{"dataPoolId", pool().pool()}}).status, 200);
  expect_field_error(create({{"dataPoolId", "0b7f6e6e-6f0f-4c1c-9a53-0123456789ab"}}), "dataPoolId");
  expect_field_error(create({{"dataPoolId", "no uuid"}}), "dataPoolId");
}

struct NotBuilt {
  const char* attribute;
  json::object more;
};

// What is not built yet must not be ignored: it would change the outcome.
TEST_F(CreateJob, AFieldWhoseValueIsNotBuiltIs400ThatNamesIt) {
  const std::vector<NotBuilt> cases{
      {"adit.maxRejectedRows", {{"adit", {{"maxRejectedRows", 5}}}}},
      {"adit.maxRejectedRatio", {{"adit", {{"maxRejectedRatio", 0.5}}}}},
      {"adit.schemaMode", {{"adit", {{"schemaMode", "freeze"}}}}},
      {"csvParsingOptions.dateFormat", {{"csvParsingOptions", {{"dateFormat", "dd.MM.yyyy"}}}}},
      {"csvParsingOptions.decimalSeparator", {{"csvParsingOptions", {{"decimalSeparator", ","}}}}},
      {"csvParsingOptions.thousandSeparator", {{"csvParsingOptions", {{"thousandSeparator", "."}}}}},
      {"csvParsingOptions.charSet", {{"csvParsingOptions", {{"charSet", "windows-1252"}}}}},
      {"csvParsingOptions.lineEnding", {{"csvParsingOptions", {{"lineEnding", "|"}}}}},
      {"csvParsingOptions.additionalColumnOptions",
       {{"csvParsingOptions",
         {{"additionalColumnOptions", {{{"columnName", "a"}, {"dateFormat", "dd.MM.yyyy"}}}}}}}},
  };
  for (const auto& [attribute, more] : cases) {
    SCOPED_TRACE(json::serialize(more));
    const auto response = create(more);
    ASSERT_EQ(response.status, 400) << response.body;
    EXPECT_NE(response.body.find(attribute), std::string::npos) << response.body;
    EXPECT_TRUE(field(response.json(), "errors").is_array()) << response.body;
  }
}

TEST_F(CreateJob, ADuplicateRemovalColumnThatCantDecideIs400AtExecuteAndTheJobStaysNew) {
  const auto expect_refused = [&](json::object more, const std::string& query) {
    const auto job = pool().create_job(csv_job("DELTA", "orders", std::move(more)));
    pool().upload(job, "id\n1\n");
    expect_field_error(pool().http().post(pool().job_path(job) + query), "duplicateRemovalColumn");
    EXPECT_EQ(pool().status(job), "NEW");
    EXPECT_EQ(pool().try_execute(job).status, 200) << "it can still be executed without";
  };
  expect_refused({{"keys", {"id"}}}, "?duplicateRemovalColumn=no_such_column");
  expect_refused({}, "?duplicateRemovalColumn=id");
  expect_refused({{"keys", {"id"}}, {"allowDuplicate", true}}, "?duplicateRemovalColumn=id");
  expect_refused({{"keys", {"id"}}}, "?duplicateRemovalColumn=__adit_op");
}

TEST_F(CreateJob, ATableNameWithNulIs400) {
  const auto response =
      pool().http().post_text(pool().jobs_path(), "{\"targetName\":\"a\\u0000b\",\"type\":\"REPLACE\"}");
  expect_field_error(response, "targetName");
}

TEST_F(CreateJob, AKeyTwiceOrWithNulIs400) {
  EXPECT_EQ(create({{"keys", {"id", "ID"}}}).status, 400);
  EXPECT_EQ(
      pool()
          .http()
          .post_text(pool().jobs_path(), "{\"targetName\":\"t\",\"type\":\"DELTA\",\"keys\":[\"a\\u0000\"]}")
          .status,
      400);
}

}  // namespace
}  // namespace adit::test
