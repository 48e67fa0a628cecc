#include "rehearsals/rehearsal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <stdexcept>
#include <thread>

#include "support/push_client.h"

namespace adit::test {
namespace {

namespace json = boost::json;

void expect_word(const json::object& job, std::string_view name,
                 std::initializer_list<std::string_view> words) {
  const auto word = text_of(job, name);
  EXPECT_NE(std::ranges::find(words, word), words.end()) << name << " is " << word;
}

json::value json_of(const HttpResponse& response) {
  if (response.status != 200 || response.header("content-type") != "application/json") {
    throw std::runtime_error("status " + std::to_string(response.status) + ", type " +
                             response.header("content-type").value_or("none") + ": " + response.body);
  }
  return response.json();
}

}  // namespace

HttpResponse say(RawConnection& connection, const std::string& request) {
  connection.send(request);
  return connection.read_response(request.substr(0, request.find(' ')));
}

HttpResponse say_once(const std::string& address, const std::string& request) {
  RawConnection connection(address);
  return say(connection, request);
}

json::object object_of(const HttpResponse& response) {
  auto value = json_of(response);
  if (!value.is_object()) throw std::runtime_error("no object: " + response.body);
  return std::move(value.as_object());
}

json::array array_of(const HttpResponse& response) {
  auto value = json_of(response);
  if (!value.is_array()) throw std::runtime_error("no array: " + response.body);
  return std::move(value.as_array());
}

std::string text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) {
    throw std::runtime_error("no text under " + std::string(name) + ": " + json::serialize(object));
  }
  return std::string(value->as_string());
}

void expect_bare_200(const HttpResponse& response) {
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(response.header("content-length"), "0");
  EXPECT_EQ(response.header("transfer-encoding"), std::nullopt);
  EXPECT_EQ(response.header("content-type"), std::nullopt);
}

void expect_readable_job(const json::object& job) {
  SCOPED_TRACE(json::serialize(job));
  expect_word(job, "status", {"NEW", "QUEUED", "RUNNING", "DONE", "ERROR", "CANCELED"});
  expect_word(job, "type", {"REPLACE", "DELTA"});
  expect_word(job, "fileType", {"PARQUET", "CSV"});
  expect_word(job, "upsertStrategy", {"UPSERT_WITH_UNCHANGED_METADATA", "UPSERT_WITH_NULLIFICATION"});
  for (const auto* name : {"id", "dataPoolId", "targetName"}) {
    EXPECT_FALSE(text_of(job, name).empty()) << name;
  }
  for (const auto* name : {"keys", "logs", "mirrorTargetNames"}) {
    EXPECT_TRUE(field(job, name).is_array() || field(job, name).is_null()) << name;
  }
  for (const auto* name : {"creationDate", "lastModified"}) EXPECT_TRUE(field(job, name).is_int64()) << name;
  for (const auto* name : {"lastPing", "changeDate", "fallbackVarcharLength"}) {
    EXPECT_TRUE(field(job, name).is_int64() || field(job, name).is_null()) << name;
  }
}

json::object poll(const std::function<HttpResponse()>& ask) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (true) {
    auto job = object_of(ask());
    expect_readable_job(job);
    if (is_final_status(text_of(job, "status"))) return job;
    if (text_of(job, "status") == "NEW") throw std::runtime_error("polled, but never executed");
    if (std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error("job did not end in time: " + json::serialize(job));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
}

}  // namespace adit::test
