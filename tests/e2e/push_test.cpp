// What a push does to the table.
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

const json::object kKeyId{{"keys", {"id"}}};

/// The declared columns of many tests: id INTEGER, name STRING.
json::object schema(json::array columns) { return {{"tableSchema", {{"columns", std::move(columns)}}}}; }

class Replace : public ServerTest {};

TEST_F(Replace, TheTableHoldsExactlyTheRowsOfTheLastOne) {
  pool().push_done(csv_job("REPLACE", "t"), {"id,name\n1,one\n2,two\n"});
  pool().push_done(csv_job("REPLACE", "t"), {"id,other\n7,x\n"});
  EXPECT_EQ(pool().rows("SELECT id, other FROM t"), (Rows{{"7", "x"}}));
  EXPECT_EQ(pool().try_query("SELECT name FROM t").status, 400) << "columns come from the new rows only";
}

TEST_F(Replace, SeveralChunksAreOneTable) {
  pool().push_done(csv_job("REPLACE", "t"),
                   {"id,name\n1,one\n", "id,name\n2,two\n3,three\n", "id,name\n4,four\n"});
  EXPECT_EQ(pool().rows("SELECT id, name FROM t ORDER BY id"),
            (Rows{{"1", "one"}, {"2", "two"}, {"3", "three"}, {"4", "four"}}));
}

TEST_F(Replace, WithoutKeysEveryRowIsKept) {
  pool().push_done(csv_job("REPLACE", "t"), {"id\n1\n1\n", "id\n1\n"});
  EXPECT_EQ(pool().value("SELECT count(*) FROM t WHERE id = 1"), "3");
}

TEST_F(Replace, WithKeysTheLastRowOfAKeyWins) {
  pool().push_done(csv_job("REPLACE", "t", kKeyId), {"id,name\n1,a\n2,b\n1,c\n", "id,name\n2,d\n3,e\n"});
  EXPECT_EQ(pool().rows("SELECT id, name FROM t ORDER BY id"), (Rows{{"1", "c"}, {"2", "d"}, {"3", "e"}}));
}

TEST_F(Replace, ChunksMayHaveDifferentColumns) {
  pool().push_done(csv_job("REPLACE", "t"), {"id,a\n1,x\n", "b,id\ny,2\n"});
  EXPECT_EQ(pool().rows("SELECT id, a, b FROM t ORDER BY id"),
            (Rows{{"1", "x", "NULL"}, {"2", "NULL", "y"}}));
}

TEST_F(Replace, AHeaderWithoutRowsEmptiesTheTable) {
  pool().push_done(csv_job("REPLACE", "t"), {"id,name\n1,one\n"});
  pool().push_done(csv_job("REPLACE", "t"), {"id,name\n"});
  EXPECT_EQ(pool().value("SELECT count(*) FROM t"), "0");
}

TEST_F(Replace, AParquetFooterWithoutRowsEmptiesTheTable) {
  pool().push_done(parquet_job("REPLACE", "t"), {parquet_of("SELECT 1 AS id")});
  pool().push_done(parquet_job("REPLACE", "t"), {parquet_of("SELECT 1 AS id WHERE false")});
  EXPECT_EQ(pool().value("SELECT count(*) FROM t"), "0");
}

TEST_F(Replace, OtherTablesAreUntouched) {
  pool().push_done(csv_job("REPLACE", "a"), {"id\n1\n"});
  pool().push_done(csv_job("REPLACE", "b"), {"id\n2\n"});
  pool().push_done(csv_job("REPLACE", "a"), {"id\n3\n"});
  EXPECT_EQ(pool().value("SELECT id FROM b"), "2");
  EXPECT_EQ(pool().tables(), (std::vector<std::string>{"a", "b"}));
}

TEST_F(Replace, APoolSeesItsOwnTablesOnly) {
  pool().push_done(csv_job("REPLACE", "t"), {"id\n1\n"});
  PoolClient other(server());
  EXPECT_TRUE(other.tables().empty());
  EXPECT_EQ(other.try_query("SELECT * FROM t").status, 400);
}

class Delta : public ServerTest {};

TEST_F(Delta, WithoutKeysRowsAreAppended) {
  pool().push_done(csv_job("DELTA", "t"), {"id,name\n1,one\n"});
  pool().push_done(csv_job("DELTA", "t"), {"id,name\n1,one\n", "id,name\n2,two\n"});
  EXPECT_EQ(pool().rows("SELECT id, name FROM t ORDER BY id"),
            (Rows{{"1", "one"}, {"1", "one"}, {"2", "two"}}));
}

TEST_F(Delta, WithAKeyRowsAreReplacedAndAdded) {
  pool().push_done(csv_job("REPLACE", "t"), {"id,name\n1,one\n2,two\n3,three\n"});
  pool().push_done(csv_job("DELTA", "t", kKeyId), {"id,name\n2,TWO\n4,four\n"});
  EXPECT_EQ(pool().rows("SELECT id, name FROM t ORDER BY id"),
            (Rows{{"1", "one"}, {"2", "TWO"}, {"3", "three"}, {"4", "four"}}));
}

TEST_F(Delta, ACompositeKeyMatchesByAllItsColumns) {
  const json::object keys{{"keys", {"a", "b"}}};
  pool().push_done(csv_job("DELTA", "t", keys), {"a,b,v\n1,x,old\n1,y,old\n2,x,old\n"});
  pool().push_done(csv_job("DELTA", "t", keys), {"a,b,v\n1,y,new\n2,y,new\n"});
  EXPECT_EQ(pool().rows("SELECT a, b, v FROM t ORDER BY a, b"),
            (Rows{{"1", "x", "old"}, {"1", "y", "new"}, {"2", "x", "old"}, {"2", "y", "new"}}));
}

TEST_F(Delta, TheKeysMayBeMarkedInTheSchema) {
  const auto spec = schema({{{"columnName", "id"}, {"columnType", "INTEGER"}, {"pkField", true}},
                            {{"columnName", "name"}, {"columnType", "STRING"}}});
  pool().push_done(csv_job("DELTA", "t", spec), {"id,name\n1,one\n2,two\n"});
  pool().push_done(csv_job("DELTA", "t", spec), {"id,name\n1,ONE\n"});
  EXPECT_EQ(pool().rows("SELECT id, name FROM t ORDER BY id"), (Rows{{"1", "ONE"}, {"2", "two"}}));
}

TEST_F(Delta, TheLastRowOfAKeyWinsWithinAChunkAndBetweenChunks) {
  pool().push_done(csv_job("DELTA", "t", kKeyId), {"id,v\n1,first\n1,second\n2,first\n", "id,v\n2,second\n"});
  EXPECT_EQ(pool().rows("SELECT id, v FROM t ORDER BY id"), (Rows{{"1", "second"}, {"2", "second"}}));
  pool().push_done(csv_job("DELTA", "t", kKeyId), {"id,v\n1,third\n", "id,v\n1,fourth\n1,fifth\n"});
  EXPECT_EQ(pool().rows("SELECT id, v FROM t ORDER BY id"), (Rows{{"1", "fifth"}, {"2", "second"}}));
}

TEST_F(Delta, ManyRepeatsOfAKeyLeaveTheLastOne) {
  const auto first = parquet_of("SELECT i % 100 AS id, i AS v FROM range(50000) r(i)");
  const auto second = parquet_of("SELECT i % 50 AS id, 100000 + i AS v FROM range(20000) r(i)");
  pool().push_done(parquet_job("DELTA", "t", kKeyId), {first, second});
  EXPECT_EQ(pool().rows("SELECT count(*), min(v), sum(v) FROM t WHERE id < 50"),
            (Rows{{"50", "119950", std::to_string(50 * 119950 + 49 * 50 / 2)}}));
  EXPECT_EQ(pool().rows("SELECT count(*), min(v), max(v) FROM t WHERE id >= 50"),
            (Rows{{"50", "49950", "49999"}}));
}

TEST_F(Delta, NewColumnsAreAddedAndMissingOnesAreNull) {
  pool().push_done(csv_job("DELTA", "t"), {"id,a\n1,x\n"});
  pool().push_done(csv_job("DELTA", "t"), {"id,b\n2,y\n"});
  EXPECT_EQ(pool().rows("SELECT id, a, b FROM t ORDER BY id"),
            (Rows{{"1", "x", "NULL"}, {"2", "NULL", "y"}}));
}

TEST_F(Delta, AColumnThatTheChunkLacksKeepsItsOldValue) {
  pool().push_done(csv_job("DELTA", "t", kKeyId), {"id,a,b\n1,x,y\n2,x,y\n"});
  pool().push_done(csv_job("DELTA", "t", kKeyId), {"id,b\n1,Y\n3,Y\n"});
  EXPECT_EQ(pool().rows("SELECT id, a, b FROM t ORDER BY id"),
            (Rows{{"1", "x", "Y"}, {"2", "x", "y"}, {"3", "NULL", "Y"}}));
}

TEST_F(Delta, WithNullificationAColumnThatTheChunkLacksBecomesNull) {
  json::object spec = kKeyId;
  spec["upsertStrategy"] = "UPSERT_WITH_NULLIFICATION";
  pool().push_done(csv_job("DELTA", "t", kKeyId), {"id,a,b\n1,x,y\n2,x,y\n"});
  pool().push_done(csv_job("DELTA", "t", spec), {"id,b\n1,Y\n"});
  EXPECT_EQ(pool().rows("SELECT id, a, b FROM t ORDER BY id"), (Rows{{"1", "NULL", "Y"}, {"2", "x", "y"}}));
}

TEST_F(Delta, ANullInTheChunkIsWritten) {
  pool().push_done(csv_job("DELTA", "t", kKeyId), {"id,a\n1,x\n"});
  pool().push_done(csv_job("DELTA", "t", kKeyId), {"id,a\n1,\n"});
  EXPECT_EQ(pool().rows("SELECT id, a FROM t"), (Rows{{"1", "NULL"}}));
}

TEST_F(Delta, ColumnNamesMatchWithoutCaseAndKeepTheirFirstSpelling) {
  pool().push_done(csv_job("DELTA", "t", {{"keys", {"ID"}}}), {"Id,Straße\n1,a\n"});
  pool().push_done(csv_job("DELTA", "t", {{"keys", {"id"}}}), {"iD,STRASSE\n1,b\n"});
  const auto answer = pool().try_query("SELECT * FROM t").json();
  EXPECT_EQ(field(answer.at("columns").as_array()[0], "name"), "Id");
  EXPECT_EQ(field(answer.at("columns").as_array()[1], "name"), "Straße");
  EXPECT_EQ(answer.at("rows").as_array().size(), 1U);
  EXPECT_EQ(answer.at("rows").as_array()[0].as_array()[1], "b");
}

TEST_F(Delta, TableNamesMatchWithoutCase) {
  pool().push_done(csv_job("DELTA", "Orders"), {"id\n1\n"});
  pool().push_done(csv_job("DELTA", "ORDERS"), {"id\n2\n"});
  EXPECT_EQ(pool().tables(), (std::vector<std::string>{"Orders"}));
  EXPECT_EQ(pool().value("SELECT count(*) FROM orders"), "2");
}

class DeleteChunks : public ServerTest {};

TEST_F(DeleteChunks, RowsWithItsKeysGo) {
  pool().push_done(csv_job("REPLACE", "t"), {"id,v\n1,a\n2,b\n3,c\n"});
  const auto job = pool().create_job(csv_job("DELTA", "t", kKeyId));
  pool().upload_deleted(job, "id,v\n1,ignored\n9,unknown\n");
  pool().execute(job);
  ASSERT_EQ(pool().wait(job).at("status"), "DONE");
  EXPECT_EQ(pool().rows("SELECT id, v FROM t ORDER BY id"), (Rows{{"2", "b"}, {"3", "c"}}));
}

TEST_F(DeleteChunks, TheOrderOfDeletesAndUpsertsDecides) {
  pool().push_done(csv_job("REPLACE", "t"), {"id,v\n1,old\n2,old\n3,old\n"});
  const auto job = pool().create_job(csv_job("DELTA", "t", kKeyId));
  pool().upload(job, "id,v\n1,new\n2,new\n4,new\n");
  pool().upload_deleted(job, "id\n2\n3\n4\n");
  pool().upload(job, "id,v\n3,newer\n");
  pool().execute(job);
  ASSERT_EQ(pool().wait(job).at("status"), "DONE");
  EXPECT_EQ(pool().rows("SELECT id, v FROM t ORDER BY id"), (Rows{{"1", "new"}, {"3", "newer"}}));
}

TEST_F(DeleteChunks, NeedKeys) {
  const auto job = pool().create_job(csv_job("DELTA", "t"));
  const auto response =
      pool().http().upload_multipart(pool().job_path(job) + "/chunks/deleted", {{"id\n1\n"}});
  EXPECT_EQ(response.status, 400) << response.body;
  EXPECT_TRUE(pool().chunks(job).empty());
}

class ChangeDate : public ServerTest {};

TEST_F(ChangeDate, IsTheJobsForAllRows) {
  pool().push_done(csv_job("REPLACE", "t", {{"changeDate", 1700000000123}}), {"id\n1\n2\n", "id\n3\n"});
  EXPECT_EQ(pool().rows("SELECT DISTINCT epoch_ms(_CELONIS_CHANGE_DATE) FROM t"), (Rows{{"1700000000123"}}));
}

TEST_F(ChangeDate, IsTheCreationTimeOtherwise) {
  const auto created = pool().create(csv_job("REPLACE", "t"));
  const std::string job(created.at("id").as_string());
  pool().upload(job, "id\n1\n2\n");
  pool().execute(job);
  ASSERT_EQ(pool().wait(job).at("status"), "DONE");
  EXPECT_EQ(pool().value("SELECT DISTINCT epoch_ms(_CELONIS_CHANGE_DATE) FROM t"),
            std::to_string(created.at("creationDate").as_int64()));
}

TEST_F(ChangeDate, OfAnUpsertedRowIsThatOfItsLastChange) {
  pool().push_done(csv_job("DELTA", "t", {{"keys", {"id"}}, {"changeDate", 1000}}), {"id,v\n1,a\n2,a\n"});
  pool().push_done(csv_job("DELTA", "t", {{"keys", {"id"}}, {"changeDate", 2000}}), {"id,v\n2,b\n3,b\n"});
  EXPECT_EQ(pool().rows("SELECT id, epoch_ms(_CELONIS_CHANGE_DATE) FROM t ORDER BY id"),
            (Rows{{"1", "1000"}, {"2", "2000"}, {"3", "2000"}}));
}

class Types : public ServerTest {
 protected:
  std::string type_of(const std::string& column) {
    const auto answer = pool().try_query("SELECT \"" + column + "\" FROM t LIMIT 0").json();
    return std::string(field(answer.at("columns").as_array()[0], "type").as_string());
  }
};

TEST_F(Types, ASchemaFixesTheTypesOfACsv) {
  const auto spec = schema({{{"columnName", "i"}, {"columnType", "INTEGER"}},
                            {{"columnName", "f"}, {"columnType", "FLOAT"}},
                            {{"columnName", "b"}, {"columnType", "BOOLEAN"}},
                            {{"columnName", "d"}, {"columnType", "DATE"}},
                            {{"columnName", "t"}, {"columnType", "TIME"}},
                            {{"columnName", "dt"}, {"columnType", "DATETIME"}},
                            {{"columnName", "s"}, {"columnType", "STRING"}, {"fieldLength", 2}}});
  pool().push_done(csv_job("REPLACE", "t", spec),
                   {"i,f,b,d,t,dt,s\n1,1.5,true,2024-02-29,01:02:03,2024-02-29 01:02:03,00012\n"});
  EXPECT_EQ(type_of("i"), "BIGINT");
  EXPECT_EQ(type_of("f"), "DOUBLE");
  EXPECT_EQ(type_of("b"), "BOOLEAN");
  EXPECT_EQ(type_of("d"), "DATE");
  EXPECT_EQ(type_of("t"), "TIME");
  EXPECT_EQ(type_of("dt"), "TIMESTAMP");
  EXPECT_EQ(type_of("s"), "VARCHAR");
  EXPECT_EQ(pool().rows("SELECT i, f, b, d, t, s FROM t"),
            (Rows{{"1", "1.5E0", "true", "2024-02-29", "01:02:03", "00012"}}));
}

TEST_F(Types, OfACsvWithoutASchemaAreFoundOverTheWholeChunk) {
  std::string csv = "n,z,s\n";
  for (int i = 0; i < 30'000; ++i) csv += "1,7,1\n";
  csv += "2.5,00012,word\n";
  pool().push_done(csv_job("REPLACE", "t"), {csv});
  EXPECT_EQ(pool().rows("SELECT n, s FROM t WHERE z = '00012'"), (Rows{{"2.5E0", "word"}}))
      << "leading zeros and fractions are kept";
}

TEST_F(Types, LargeIntegersStayExact) {
  pool().push_done(csv_job("REPLACE", "t"), {"a,b\n9007199254740993,123456789012345678901234567890\n"});
  EXPECT_EQ(pool().rows("SELECT a::VARCHAR, b::VARCHAR FROM t"),
            (Rows{{"9007199254740993", "123456789012345678901234567890"}}));
}

TEST_F(Types, IntegersAndFractionsOfTwoChunksMeet) {
  pool().push_done(csv_job("REPLACE", "t"), {"v\n1\n", "v\n2.5\n"});
  EXPECT_EQ(type_of("v"), "DOUBLE");
  EXPECT_EQ(pool().rows("SELECT v FROM t ORDER BY v"), (Rows{{"1"}, {"2.5E0"}}));
}

TEST_F(Types, OfParquetAreKept) {
  pool().push_done(parquet_job("REPLACE", "t"),
                   {parquet_of("SELECT 7::INTEGER AS i, 1.5::FLOAT AS f, 1.10::DECIMAL(9,2) AS d, true AS b, "
                               "DATE '2024-02-29' AS dd, "
                               "TIMESTAMP '2024-02-29 01:02:03.456789' AS ts, 'text' AS s, [1, 2] AS l, "
                               "TIMESTAMPTZ '2024-02-29 01:02:03+02' AS tz")});
  EXPECT_EQ(type_of("i"), "BIGINT");
  EXPECT_EQ(type_of("f"), "DOUBLE");
  EXPECT_EQ(type_of("d"), "DECIMAL(9,2)");
  EXPECT_EQ(type_of("b"), "BOOLEAN");
  EXPECT_EQ(type_of("dd"), "DATE");
  EXPECT_EQ(type_of("ts"), "TIMESTAMP");
  EXPECT_EQ(type_of("l"), "VARCHAR");
  EXPECT_EQ(pool().rows("SELECT i, d, ts::VARCHAR, s, l, tz::VARCHAR FROM t"),
            (Rows{{"7", "1.10", "2024-02-29 01:02:03.456789", "text", "[1,2]", "2024-02-28 23:02:03"}}));
}

TEST_F(Types, AWiderTypeWidensTheColumn) {
  pool().push_done(csv_job("DELTA", "t"), {"v,d\n1,2024-01-01\n"});
  pool().push_done(csv_job("DELTA", "t"), {"v,d\n2.5,2024-01-02 03:04:05\n"});
  EXPECT_EQ(type_of("v"), "DOUBLE");
  EXPECT_EQ(type_of("d"), "TIMESTAMP");
  EXPECT_EQ(pool().rows("SELECT v, d::VARCHAR FROM t ORDER BY v"),
            (Rows{{"1", "2024-01-01 00:00:00"}, {"2.5E0", "2024-01-02 03:04:05"}}));
}

TEST_F(Types, WhatCannotBeWidenedIsAnErrorThatNamesTheColumnAndTheTableIsAsBefore) {
  pool().push_done(csv_job("DELTA", "t"), {"v\n1\n"});
  const auto job = pool().push(csv_job("DELTA", "t"), {"v\nword\n"});
  EXPECT_EQ(job.at("status"), "ERROR");
  const auto logs = logs_of(job);
  EXPECT_NE(logs.find("\"v\""), std::string::npos) << logs;
  EXPECT_NE(logs.find("word"), std::string::npos) << logs;
  EXPECT_EQ(pool().rows("SELECT v FROM t"), (Rows{{"1"}}));
}

TEST_F(Types, AValueThatIsNoDeclaredIntegerIsAnErrorThatNamesRowColumnAndValue) {
  const auto spec = schema({{{"columnName", "id"}, {"columnType", "INTEGER"}}});
  const auto job = pool().push(csv_job("REPLACE", "t", spec), {"id\n1\n1.6\n"});
  EXPECT_EQ(job.at("status"), "ERROR");
  const auto logs = logs_of(job);
  EXPECT_NE(logs.find("1.6"), std::string::npos) << logs;
  EXPECT_NE(logs.find("id"), std::string::npos) << logs;
  EXPECT_TRUE(pool().tables().empty());
}

TEST_F(Types, StringsAreNeverCutAndLongOnesAreCounted) {
  const auto spec = schema({{{"columnName", "s"}, {"columnType", "STRING"}, {"fieldLength", 3}}});
  const std::string text(500, 'x');
  const auto job = pool().push(csv_job("REPLACE", "t", spec), {"s\nabc\n" + text + "\n"});
  ASSERT_EQ(job.at("status"), "DONE");
  EXPECT_EQ(pool().value("SELECT max(length(s)) FROM t"), "500");
  EXPECT_NE(logs_of(job).find("500"), std::string::npos) << logs_of(job);
}

class Csv : public ServerTest {};

TEST_F(Csv, SeparatorQuoteAndEscapeAreSettings) {
  pool().push_done(
      csv_job("REPLACE", "t",
              {{"csvParsingOptions",
                {{"separatorSequence", ";"}, {"quoteSequence", "'"}, {"escapeSequence", "\\"}}}}),
      {"id;text\n1;'a;b'\n2;'it\\'s, \"so\"'\n"});
  EXPECT_EQ(pool().rows("SELECT id, text FROM t ORDER BY id"), (Rows{{"1", "a;b"}, {"2", "it's, \"so\""}}));
}

TEST_F(Csv, TheSeparatorIsDetectedOtherwise) {
  for (const char* separator : {",", ";", "\t", "|"}) {
    const std::string s = separator;
    pool().push_done(csv_job("REPLACE", "t"), {"id" + s + "name\n1" + s + "one\n2" + s + "two\n"});
    EXPECT_EQ(pool().rows("SELECT id, name FROM t ORDER BY id"), (Rows{{"1", "one"}, {"2", "two"}}))
        << separator;
  }
}

TEST_F(Csv, LineEndsQuotedLineEndsAndAMissingLastOneAreRead) {
  pool().push_done(csv_job("REPLACE", "t"), {"id,text\r\n1,\"two\nlines\"\r\n2,last"});
  EXPECT_EQ(pool().rows("SELECT id, text FROM t ORDER BY id"), (Rows{{"1", "two\nlines"}, {"2", "last"}}));
}

TEST_F(Csv, AnEmptyFieldIsNullAndAnEmptyQuotedOneIsText) {
  pool().push_done(csv_job("REPLACE", "t"), {"id,text\n1,\n2,\"\"\n3,x\n"});
  EXPECT_EQ(pool().rows("SELECT id, text FROM t ORDER BY id"), (Rows{{"1", "NULL"}, {"2", ""}, {"3", "x"}}));
}

TEST_F(Csv, NullWordsAreText) {
  pool().push_done(csv_job("REPLACE", "t"), {"id,text\n1,NULL\n2,null\n3,NA\n4,nan\n"});
  EXPECT_EQ(pool().rows("SELECT text FROM t ORDER BY id"), (Rows{{"NULL"}, {"null"}, {"NA"}, {"nan"}}));
  EXPECT_EQ(pool().value("SELECT count(text) FROM t"), "4");
}

TEST_F(Csv, AByteOrderMarkIsNoPartOfTheFirstName) {
  pool().push_done(csv_job("REPLACE", "t"), {"\xEF\xBB\xBFid,name\n1,ä\n"});
  EXPECT_EQ(pool().rows("SELECT id, name FROM t"), (Rows{{"1", "ä"}}));
}

TEST_F(Csv, SpacesAndTextOfAllLanguagesAreKept) {
  pool().push_done(csv_job("REPLACE", "t"), {"id,text\n1, padded \n2,日本語 🚀\n3,a\\nb\n"});
  EXPECT_EQ(pool().rows("SELECT text FROM t ORDER BY id"), (Rows{{" padded "}, {"日本語 🚀"}, {"a\\nb"}}));
}

}  // namespace
}  // namespace adit::test
