// Addresses, messages and everything a person sees.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "client/api_error.h"
#include "client/human.h"
#include "client/progress_line.h"
#include "client/server_location.h"
#include "client/text_table.h"
#include "client/url.h"

namespace adit::client {
namespace {

namespace fs = std::filesystem;

TEST(BaseUrl, ReadsSchemeHostPortAndPath) {
  const auto url = parse_base_url("https://adit.example:8443/base/");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->secure);
  EXPECT_EQ(url->host, "adit.example");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->path, "/base");
  EXPECT_EQ(url->to_string(), "https://adit.example:8443/base");
}

TEST(BaseUrl, LeavesThePortToTheScheme) {
  EXPECT_EQ(parse_base_url("http://h")->port, 80);
  EXPECT_EQ(parse_base_url("https://h")->port, 443);
  EXPECT_EQ(parse_base_url("https://h/")->to_string(), "https://h");
  EXPECT_EQ(parse_base_url("localhost:8080")->to_string(), "http://localhost:8080");
}

TEST(BaseUrl, AnIpv6AddressStandsInBrackets) {
  const auto url = parse_base_url("http://[::1]:8080");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->authority(), "[::1]:8080");
  EXPECT_TRUE(url->is_loopback());
}

TEST(BaseUrl, RefusesWhatIsNoAddress) {
  for (const auto* text :
       {"", "ftp://h", "http://", "http://:80", "http://h:0", "http://h:65536", "http://h:x", "http://user@h",
        "http://h/?q=1", "http://h/#f", "http://[::1", "http://h\r\n"}) {
    EXPECT_FALSE(parse_base_url(text)) << text;
  }
}

TEST(BaseUrl, SegmentsAreEncoded) { EXPECT_EQ(encode_segment("a b/ü~"), "a%20b%2F%C3%BC~"); }

TEST(ApiError, AMessageCarriesStatusAndReference) {
  const auto error =
      error_of_answer(409, R"({"reference":"r-1","message":"The job is not NEW.","shortMessage":"x"})");
  EXPECT_EQ(error.kind, ErrorKind::kConflict);
  EXPECT_EQ(error.public_message, "The job is not NEW. (409, reference r-1)");
}

TEST(ApiError, ValidationErrorsAreListedByAttribute) {
  const auto error = error_of_answer(
      400,
      R"({"errors":[{"attribute":"type","error":"is required"},{"attribute":"","error":"and more"}],"detail":"d"})");
  EXPECT_EQ(error.kind, ErrorKind::kInvalid);
  EXPECT_EQ(error.public_message, "type: is required; and more");
  ASSERT_EQ(error.fields.size(), 2U);
}

TEST(ApiError, OtherBodiesShowTheirStart) {
  EXPECT_EQ(error_of_answer(502, "<html>\nbad").public_message, "The server answered 502: <html> bad");
  EXPECT_EQ(error_of_answer(500, "").public_message, "The server answered 500.");
  EXPECT_EQ(error_of_answer(401, R"({"error":"Unauthorized"})").public_message, "Unauthorized");
  EXPECT_EQ(error_of_answer(500, R"({"message":7})").public_message, "The server answered 500.");
}

TEST(Human, NumbersAreShort) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(999), "999 B");
  EXPECT_EQ(human_bytes(999.9), "1.00 kB");
  EXPECT_EQ(human_bytes(1'234'567), "1.23 MB");
  EXPECT_EQ(human_bytes(48e9), "48.0 GB");
  EXPECT_EQ(human_rate(1e6, std::chrono::milliseconds(500)), "2.00 MB/s");
  EXPECT_EQ(human_rate(1e6, std::chrono::seconds(0)), "-");
  EXPECT_EQ(human_time(std::chrono::milliseconds(420)), "0.42 s");
  EXPECT_EQ(human_time(std::chrono::seconds(245)), "4 min 05 s");
  EXPECT_EQ(human_time(std::chrono::seconds(7380)), "2 h 03 min");
  EXPECT_EQ(human_count(0), "0");
  EXPECT_EQ(human_count(1'234'567), "1,234,567");
}

TEST(Human, WidthIsThatOfATerminal) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("über"), 4U);
  EXPECT_EQ(display_width("u\xCC\x88"), 1U) << "a combining mark takes no column";
  EXPECT_EQ(display_width("日本"), 4U);
  EXPECT_EQ(display_width("\xff\xfe"), 2U);
  EXPECT_EQ(cut_to_width("日本語", 5), "日本…");
  EXPECT_EQ(cut_to_width("日本語", 6), "日本語");
  EXPECT_EQ(cut_to_width("abc", 0), "");
}

TEST(ProgressLine, FitsTheTerminal) {
  const ProgressState state{"orders.parquet", 50'000'000, 200'000'000, std::chrono::seconds(1)};
  EXPECT_EQ(progress_line(state, 120),
            "orders.parquet  [######..................] 25 %  50.0 MB of 200 MB  50.0 MB/s  3.00 s left");
  for (std::size_t width = 1; width < 120; ++width)
    EXPECT_LE(display_width(progress_line(state, width)), width);
}

TEST(ProgressLine, BoundsAreShownWithoutOverrun) {
  EXPECT_NE(progress_line({"f", 0, 10, std::chrono::seconds(0)}, 100).find("  0 %"), std::string::npos);
  EXPECT_EQ(progress_line({"f", 8, 8'000'000, std::chrono::seconds(1)}, 100).find("left"), std::string::npos)
      << "no estimate from a first byte";
  EXPECT_NE(progress_line({"f", 12, 10, std::chrono::seconds(1)}, 100).find("100 %"), std::string::npos);
  EXPECT_EQ(progress_line({"LANDING", 0, 0, std::chrono::milliseconds(1500)}, 80), "LANDING  1.50 s");
}

TEST(TextTable, IsAlignedByWhatATerminalShows) {
  const TextTable table{{{"NAME"}, {"N", TextTable::Align::kRight}}, {{"日本", "7"}, {std::nullopt, "123"}}};
  EXPECT_EQ(render_table(table),
            "NAME    N\n"
            "----  ---\n"
            "日本    7\n"
            "NULL  123\n");
}

TEST(TextTable, CellsCannotMoveTheCursor) {
  const TextTable table{{{"A"}}, {{"x\n\x1b[2J\ty"}}};
  EXPECT_NE(render_table(table).find("x\\n\\x1b[2J\\ty\n"), std::string::npos);
}

TEST(TextTable, CsvTellsNullFromEmptyText) {
  const TextTable table{{{"A"}, {"B,C"}}, {{std::nullopt, ""}, {"say \"hi\"", "line\nend"}}};
  EXPECT_EQ(render_csv(table), "A,\"B,C\"\r\n,\"\"\r\n\"say \"\"hi\"\"\",\"line\nend\"\r\n");
}

// A data folder as a server leaves it.
class Location : public testing::Test {
 protected:
  Location() { fs::create_directories(data_); }
  ~Location() override { fs::remove_all(data_); }
  void has(const char* name, const std::string& content) { std::ofstream(data_ / name) << content; }

  fs::path data_ = fs::temp_directory_path() / ("adit-location-" + std::to_string(::getpid()));
};

TEST_F(Location, IsReadFromTheDataFolder) {
  has("listen.json", R"({"http":"127.0.0.1:8080","https":"127.0.0.1:8443"})");
  has("admin.key", "the-key\n");
  const auto location = locate_server({}, {}, data_);
  ASSERT_TRUE(location) << location.error().public_message;
  EXPECT_EQ(location->url.to_string(), "http://127.0.0.1:8080");
  EXPECT_EQ(location->key, "the-key");
  EXPECT_EQ(locate_server({}, "other", data_)->key, "other");
}

TEST_F(Location, AServerOnAllInterfacesIsAskedOnLoopback) {
  has("listen.json", R"({"http":"0.0.0.0:81"})");
  EXPECT_EQ(locate_server({}, "k", data_)->url.to_string(), "http://127.0.0.1:81");
  has("listen.json", R"({"http":null,"https":"[::]:81"})");
  EXPECT_EQ(locate_server({}, "k", data_)->url.to_string(), "https://[::1]:81");
}

TEST_F(Location, WhatIsMissingIsSaidWithTheNextStep) {
  const auto nobody = locate_server({}, {}, data_);
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().kind, ErrorKind::kUnavailable);
  EXPECT_NE(nobody.error().public_message.find("adit serve --data"), std::string::npos);
  has("listen.json", R"({"http":"127.0.0.1:8080"})");
  EXPECT_NE(locate_server({}, {}, data_).error().public_message.find("--key"), std::string::npos);
  has("listen.json", "{");
  EXPECT_NE(locate_server({}, {}, data_).error().public_message.find("holds no address"), std::string::npos);
}

TEST_F(Location, AnAddressNeedsAKey) {
  EXPECT_FALSE(locate_server("http://h", {}, data_));
  EXPECT_EQ(locate_server("http://h", "k", data_)->url.host, "h");
  EXPECT_FALSE(locate_server("ftp://h", "k", data_));
}

}  // namespace
}  // namespace adit::client
