#include "model/job_json.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "model/json_fields.h"

namespace adit {
namespace {

const PoolId kPool = *PoolId::parse("bea4fb85-5d27-4336-b4db-b83207e8a03a");

Result<JobSpec> read(std::string_view text) {
  ADIT_TRY(const auto object, parse_json_object(text));
  return job_spec_from_json(object, kPool);
}

std::string first_wrong_field(std::string_view text) {
  const auto spec = read(text);
  if (spec) return "";
  return spec.error().fields.empty() ? spec.error().public_message : spec.error().fields.front().attribute;
}

TEST(JobJson, ReadsTheGuidesBodyWithTargetTable) {
  const auto spec = read(
      R"({"type":"REPLACE","fileType":"CSV","targetTable":"t","dataPoolId":"BEA4FB85-5D27-4336-B4DB-B83207E8A03A"})");
  ASSERT_TRUE(spec) << spec.error().public_message;
  EXPECT_EQ(spec->target_name, "t");
  EXPECT_EQ(spec->type, JobType::kReplace);
  EXPECT_EQ(spec->file_type, FileType::kCsv);
}

TEST(JobJson, NullsUnsetZerosAndDefaultsPass) {
  const auto spec = read(
      R"({"type":"UPSERT","targetName":"t","fileType":null,"keys":null,"connectionId":null,"allowDuplicate":false,
    "mirrorTargetNames":[],"postExecutionQuery":null,"targetSchema":null,"upsertStrategy":null,"fallbackVarcharLength":0,
    "tableSchema":{"tableName":"t","columns":[{"columnName":"a","columnType":"STRING","fieldLength":0,"decimals":0,"pkField":true}]},
    "csvParsingOptions":{"charSet":"UTF-8","decimalSeparator":".","lineEnding":"\n","thousandSeparator":null},
    "adit":{"maxRejectedRows":0,"maxRejectedRatio":0.0,"schemaMode":"evolve"},"somethingNew":{"x":1}})");
  ASSERT_TRUE(spec) << spec.error().public_message;
  EXPECT_EQ(spec->type, JobType::kDelta);
  EXPECT_EQ(spec->key_columns(), std::vector<std::string>{"a"});
  EXPECT_FALSE(spec->table_schema->columns[0].field_length);
  EXPECT_FALSE(spec->fallback_varchar_length);
}

TEST(JobJson, EveryFieldThatWouldChangeTheOutcomeIsRefusedByName) {
  const std::pair<std::string, std::string> fields[] = {
      {"csvParsingOptions.dateFormat", R"("yyyy")"},
      {"csvParsingOptions.charSet", R"("windows-1252")"},
      {"csvParsingOptions.thousandSeparator", R"(",")"},
      {"csvParsingOptions.decimalSeparator", R"(",")"},
      {"csvParsingOptions.separatorSequence", R"("\n")"},
      {"csvParsingOptions.separatorSequence", R"(";\r")"},
      {"csvParsingOptions.quoteSequence", R"("\r")"},
      {"csvParsingOptions.escapeSequence", R"("\n")"},
      {"adit.maxRejectedRows", "1"},
      {"adit.schemaMode", R"("freeze")"},
      {"adit.nullValues", R"(["NULL"])"},
  };
  for (const auto& [path, value] : fields) {
    const auto dot = path.find('.');
    const auto body = dot == std::string::npos ? "\"" + path + "\":" + value
                                               : "\"" + path.substr(0, dot) + "\":{\"" +
                                                     path.substr(dot + 1) + "\":" + value + "}";
    EXPECT_EQ(first_wrong_field(R"({"type":"DELTA","targetName":"t",)" + body + "}"), path);
  }
}

TEST(JobJson, ADataConnectionHasTwoNamesAndOneId) {
  const auto with = [](const std::string& fields) {
    return first_wrong_field(R"({"type":"DELTA","targetName":"t",)" + fields + "}");
  };
  const std::string one = R"("0890ed49-630d-487b-924b-23f33164f3b0")";
  const std::string other = R"("1890ed49-630d-487b-924b-23f33164f3b0")";
  EXPECT_EQ(with("\"connectionId\":" + one), "");
  EXPECT_EQ(with("\"dataConnectionId\":" + one), "");
  EXPECT_EQ(with("\"connectionId\":" + one + ",\"dataConnectionId\":" + one), "");
  EXPECT_EQ(with("\"connectionId\":" + one + ",\"dataConnectionId\":" + other), "dataConnectionId");
  EXPECT_EQ(with(R"("connectionId":"no uuid")"), "connectionId");
  EXPECT_EQ(with(R"("dataConnectionId":"no uuid")"), "dataConnectionId");
  EXPECT_EQ(with(R"("connectionId":7)"), "connectionId");
  EXPECT_EQ(with(R"("connectionId":"","targetSchema":"")"), "");
  EXPECT_EQ(with(R"("targetSchema":7)"), "targetSchema");
}

TEST(JobJson, NamesEveryMissingAndMistypedField) {
  EXPECT_EQ(first_wrong_field(R"({"type":"REPLACE"})"), "targetName");
  EXPECT_EQ(first_wrong_field(R"({"targetName":"t"})"), "type");
  EXPECT_EQ(first_wrong_field(R"({"targetName":"t","type":"replace"})"), "type");
  EXPECT_EQ(first_wrong_field(R"({"targetName":7,"type":"DELTA"})"), "targetName");
  EXPECT_EQ(first_wrong_field(R"({"targetName":"t","type":"DELTA","keys":"a"})"), "keys");
  EXPECT_EQ(first_wrong_field(R"({"targetName":"t","type":"DELTA","keys":[1]})"), "keys");
  EXPECT_EQ(first_wrong_field(R"({"targetName":"t","type":"DELTA","changeDate":"yesterday"})"), "changeDate");
  EXPECT_EQ(
      first_wrong_field(
          R"({"targetName":"t","type":"DELTA","tableSchema":{"columns":[{"columnName":"a","columnType":"INT"}]}})"),
      "tableSchema.columns[0].columnType");
  EXPECT_EQ(first_wrong_field(
                R"({"targetName":"t","type":"DELTA","dataPoolId":"0890ed49-630d-487b-924b-23f33164f3b0"})"),
            "dataPoolId");
}

TEST(JobJson, MalformedBodiesSayWhere) {
  for (const auto* text : {"", "[]", "{", R"({"a":1}x)", R"({"a":1,})", "null"}) {
    const auto object = parse_json_object(text);
    ASSERT_FALSE(object) << text;
    EXPECT_EQ(object.error().kind, ErrorKind::kInvalid);
  }
  EXPECT_FALSE(parse_json_object(std::string(100, '[')));
  EXPECT_TRUE(parse_json_object("  {\"a\":1}\n"));
}

TEST(Iso8601, ReadsDatesTimesFractionsAndZones) {
  const auto ms = [](std::string_view text) { return to_epoch_ms(parse_iso8601(text).value()); };
  EXPECT_EQ(ms("1970-01-01"), 0);
  EXPECT_EQ(ms("1970-01-01T00:00:01Z"), 1000);
  EXPECT_EQ(ms("1970-01-01 00:00:01.5"), 1500);
  EXPECT_EQ(ms("1970-01-01T02:00:00.123456+02:00"), 123);
  EXPECT_EQ(ms("1969-12-31T23:00-0100"), 0);
  for (const auto* text :
       {"1970", "1970-13-01", "1970-02-30", "1970-01-01T", "1970-01-01T25:00", "1970-01-01T00:00:00+", "x"}) {
    EXPECT_FALSE(parse_iso8601(text)) << text;
  }
}

TEST(JobJson, AnswersCarryDatesAsEpochMilliseconds) {
  Job job;
  job.pool = kPool;
  job.created = from_epoch_ms(1'700'000'000'123);
  const auto object = to_json(job, 0);
  EXPECT_EQ(object.at("creationDate").as_int64(), 1'700'000'000'123);
  EXPECT_EQ(object.at("status").as_string(), "NEW");
  EXPECT_EQ(object.at("dataPoolId").as_string(), kPool.to_string());
}

}  // namespace
}  // namespace adit
