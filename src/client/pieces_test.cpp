// Files, and what is cut from them.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/id.h"
#include "client/push_pieces.h"
#include "client/push_upload.h"

namespace adit::client {
namespace {

namespace fs = std::filesystem;

class Pieces : public testing::Test {
 protected:
  Pieces() { fs::create_directories(folder_); }
  ~Pieces() override { fs::remove_all(folder_); }

  std::string file(const std::string& name, const std::string& content) {
    const auto path = folder_ / name;
    std::ofstream(path, std::ios::binary) << content;
    return path.string();
  }
  PushFile opened(const std::string& name, const std::string& content) {
    return {*InputFile::open(file(name, content))};
  }
  /// All pieces of a CSV text as they would be sent.
  std::vector<std::string> cut(const std::string& content, std::uint64_t bytes_max,
                               const CsvDialect& dialect = {}) {
    PieceSource source({opened("a.csv", content)}, {"CSV", dialect, bytes_max});
    std::vector<std::string> texts;
    places.clear();
    while (true) {
      const auto piece = source.next();
      EXPECT_TRUE(piece) << piece.error().public_message;
      if (!piece || !*piece) break;
      const auto& body = (*piece)->body;
      texts.push_back(body.before + *body.file.read(body.offset, body.length) + body.after);
      EXPECT_LE(texts.back().size(), bytes_max);
      EXPECT_EQ((*piece)->sequence, texts.size() - 1);
      places.push_back({"a.csv", (*piece)->lines_before, (*piece)->rows_before, (*piece)->bytes_before});
    }
    return texts;
  }
  std::string refusal(const std::string& content, std::uint64_t bytes_max) {
    PieceSource source({opened("a.csv", content)}, {"CSV", {}, bytes_max});
    while (true) {
      const auto piece = source.next();
      if (!piece) {
        const auto after = source.next();
        EXPECT_TRUE(after && !*after) << "nothing follows an error";
        return piece.error().public_message;
      }
      if (!*piece) return {};
    }
  }

  const fs::path folder_ = fs::temp_directory_path() / ("adit-pieces-" + Uuid::random().to_string());
  std::vector<PiecePlace> places;
};

TEST_F(Pieces, AFileThatFitsGoesWhole) {
  EXPECT_EQ(cut("id\n1\n2\n", 7), (std::vector<std::string>{"id\n1\n2\n"}));
  EXPECT_EQ(cut("", 7), (std::vector<std::string>{""}));
}

TEST_F(Pieces, CsvIsCutBetweenRecordsAndEachPieceHasTheHeader) {
  EXPECT_EQ(cut("id,v\n1,a\n2,b\n3,c\n4,d", 13),
            (std::vector<std::string>{"id,v\n1,a\n2,b\n", "id,v\n3,c\n4,d"}));
  ASSERT_EQ(places.size(), 2U);
  EXPECT_EQ(places[1].lines_before, 2U);
  EXPECT_EQ(places[1].rows_before, 2U);
  EXPECT_EQ(places[1].bytes_before, 8);
}

TEST_F(Pieces, EmptyLinesOfOneColumnGoWithTheRecordBehindThem) {
  EXPECT_EQ(cut("id\n1\n\n\n2\n\n", 7), (std::vector<std::string>{"id\n1\n", "id\n\n\n2\n", "id\n\n"}));
  ASSERT_EQ(places.size(), 3U);
  EXPECT_EQ(places[1].rows_before, 1U);
  EXPECT_EQ(places[2].rows_before, 4U);
  EXPECT_EQ(places[2].lines_before, 4U);
  const auto many = cut("id\n" + std::string(5'000'000, '\n') + "1\n2\n", 6'000'000);
  EXPECT_EQ(many, (std::vector<std::string>{"id\n" + std::string(5'000'000, '\n') + "1\n2\n"}));
}

TEST_F(Pieces, ALineEndWithinQuotesIsNoRecordsEnd) {
  EXPECT_EQ(cut("id,v\n1,\"a\nb\"\"\n\"\n2,b\n", 19),
            (std::vector<std::string>{"id,v\n1,\"a\nb\"\"\n\"\n", "id,v\n2,b\n"}));
  ASSERT_EQ(places.size(), 2U);
  EXPECT_EQ(places[1].lines_before, 3U);
}

TEST_F(Pieces, OtherDialectsLineEndsAndAMarkAreRespected) {
  EXPECT_EQ(cut("\xEF\xBB\xBFid;v\r\n1;'a\r\n;'\r\n2;b\r\n", 21, {";", '\'', '\''}),
            (std::vector<std::string>{"\xEF\xBB\xBFid;v\r\n1;'a\r\n;'\r\n", "\xEF\xBB\xBFid;v\r\n2;b\r\n"}));
  EXPECT_EQ(cut("id,v\n1,\"\\\"\n\"\n2,b\n", 16, {",", '"', '\\'}),
            (std::vector<std::string>{"id,v\n1,\"\\\"\n\"\n", "id,v\n2,b\n"}));
  EXPECT_EQ(cut("id\r1\r2\r", 5), (std::vector<std::string>{"id\r1\r", "id\r2\r"}));
}

TEST_F(Pieces, PiecesTogetherAreTheFile) {
  // More than a block of the reader, with records across every border between blocks.
  std::string content = "id,text\n";
  for (int i = 0; content.size() < 9'500'000; ++i) {
    content += std::to_string(i) + ",\"" +
               std::string(static_cast<std::size_t>(i * 7919 % 311), i % 3 == 0 ? '\n' : 'x') + "\"\"\"\r\n";
  }
  const std::string header = "id,text\n";
  std::string joined = header;
  std::uint64_t rows = 0;
  const auto texts = cut(content, 1'000'000);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    ASSERT_TRUE(texts[i].starts_with(header));
    joined += texts[i].substr(header.size());
    EXPECT_EQ(places[i].rows_before, rows);
    CsvScanner scanner(texts[i], {});
    CsvRecord record;
    for (bool first = true; scanner.next(record); first = false) {
      EXPECT_FALSE(record.problem);
      if (first) continue;
      EXPECT_EQ(csv_value(record.fields[0], {}), std::to_string(rows++));
    }
  }
  EXPECT_GT(texts.size(), 9U);
  EXPECT_TRUE(joined == content);
}

TEST_F(Pieces, ARecordThatDoesNotFitIsAnErrorThatNamesTheLine) {
  EXPECT_NE(refusal("id\n1\n2\n" + std::string(40, '3') + "\n4\n", 20).find("a.csv, line 4"),
            std::string::npos);
  EXPECT_NE(refusal("id\n1\n2\n\"3\n4\n5\n6\n7\n8\n9\n10\n", 20).find("line 4"), std::string::npos);
  EXPECT_NE(refusal(std::string(40, 'h') + "\n1\n", 20).find("header"), std::string::npos);
  EXPECT_NE(refusal("id\n1\n\"" + std::string(6 << 20, 'x'), 1 << 20).find("Is a quote never closed?"),
            std::string::npos);
}

TEST_F(Pieces, AProblemOfAPieceIsToldInTheFilesOwnLines) {
  const PiecePlace place{"a.csv", 100, 90, 5000};
  const auto line = problem_of_file(place, {"Line 3: two fields.", 2, 3, 17, std::nullopt, "x"});
  EXPECT_EQ(line.problem.message, "Line 103: two fields.");
  EXPECT_EQ(line.problem.line, 103U);
  EXPECT_EQ(line.problem.row, 92U);
  EXPECT_EQ(line.problem.byte, 5017U);
  const auto row = problem_of_file(place, {"Row 2, column \"v\": no number.", 2, 3, 17, "v", "x"});
  EXPECT_EQ(row.problem.message, "Row 92, column \"v\": no number.");
}

TEST_F(Pieces, FilesThatAreReadDifferentlyAreNotCut) {
  const std::vector<PushFile> files{opened("a.csv", "id,v\n1,a\n2,b\n"), opened("b.csv", "id;v\n1;a\n2;b\n")};
  EXPECT_FALSE(*dialect_for_cutting(files, {}, 100)) << "each is read for itself";
  const auto refused = dialect_for_cutting(files, {}, 10);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().public_message.find("b.csv"), std::string::npos);
  EXPECT_EQ((*dialect_for_cutting({files[1]}, {}, 10))->separator, ";");

  const std::vector<PushFile> either{opened("c.csv", "id,a;b\n1,x;y\n")};
  EXPECT_NE(
      dialect_for_cutting(either, {}, 10).error().public_message.find("c.csv: The CSV file's separator"),
      std::string::npos);
  EXPECT_EQ((*dialect_for_cutting(either, {.separator = ";", .quote = {}, .escape = {}}, 10))->separator,
            ";");
}

TEST_F(Pieces, WhatIsNoParquetFileIsNotCut) {
  for (const auto& content :
       {std::string(100, 'x'), "PAR1" + std::string(92, 'x') + "PAR1", std::string("PAR1")}) {
    PieceSource source({opened("a.parquet", content)}, {"PARQUET", {}, 3});
    const auto piece = source.next();
    ASSERT_FALSE(piece);
    EXPECT_NE(piece.error().public_message.find("a.parquet"), std::string::npos);
    EXPECT_NE(piece.error().public_message.find("can't be split"), std::string::npos);
  }
}

TEST_F(Pieces, PatternsStandForWhatTheyMatchSorted) {
  const auto b = file("b.csv", "");
  const auto a = file("a.csv", "");
  const auto odd = file("[odd].csv", "");
  fs::create_directory(folder_ / "folder.csv");
  EXPECT_EQ(*expand_files({(folder_ / "*.csv").string()}), (std::vector<std::string>{odd, a, b}));
  EXPECT_EQ(*expand_files({b, a, "-"}), (std::vector<std::string>{b, a, "-"})) << "names keep their order";
  EXPECT_EQ(*expand_files({odd}), (std::vector<std::string>{odd}))
      << "a file of that name goes before a pattern";
  EXPECT_NE(expand_files({(folder_ / "*.parquet").string()}).error().public_message.find("no file matches"),
            std::string::npos);
  EXPECT_NE(expand_files({(folder_ / "c.csv").string()}).error().public_message.find("there is no file"),
            std::string::npos);
  EXPECT_NE(expand_files({folder_.string()}).error().public_message.find("folder"), std::string::npos);
  EXPECT_FALSE(expand_files({"-", "-"}));
}

TEST_F(Pieces, TypesFollowFromTheNamesWhichMustAgree) {
  const auto parquet = opened("a.PARQUET", "");
  const auto csv = opened("a.csv", "");
  EXPECT_EQ(*file_type_of({parquet, parquet}), "PARQUET");
  EXPECT_EQ(*file_type_of({csv}), "CSV");
  EXPECT_FALSE(file_type_of({csv, parquet}));
  EXPECT_FALSE(file_type_of({opened("a.txt", "")}));
}

TEST_F(Pieces, APipeIsReadOnceAndCanBeSentTwice) {
  const auto path = (folder_ / "pipe").string();
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  std::jthread writer([&] { std::ofstream(path) << "id\n1\n"; });
  const auto file = InputFile::open(path);
  ASSERT_TRUE(file) << file.error().public_message;
  EXPECT_EQ(file->bytes(), 5U);
  EXPECT_EQ(*file->read(0, 100), "id\n1\n");
  EXPECT_EQ(*file->read(3, 1), "1");
}

}  // namespace
}  // namespace adit::client
