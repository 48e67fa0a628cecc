// The history of a pool: all jobs that were, deleted or not.
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <map>

#include "api/endpoint.h"
#include "api/query_parameters.h"
#include "model/history_json.h"

namespace adit {
namespace {

namespace json = boost::json;
using http::Method;
using http::Request;
using http::Response;

constexpr std::uint64_t kLimitDefault = 100;
constexpr std::uint64_t kLimitMax = 1000;

/// `<created>-<number>` in hexadecimal digits.
std::string cursor_text(const HistoryCursor& cursor) {
  std::array<char, 40> text{};
  auto* const end = text.data() + text.size();
  auto* at = std::to_chars(text.data(), end, to_epoch_ms(cursor.created), 16).ptr;
  *at++ = '-';
  at = std::to_chars(at, end, cursor.number, 16).ptr;
  return {text.data(), at};
}

std::optional<HistoryCursor> parse_cursor(std::string_view text) {
  std::int64_t created = 0;
  HistoryCursor cursor;
  const auto* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, created, 16);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '-') return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, cursor.number, 16);
  if (second.ec != std::errc() || second.ptr != end) return std::nullopt;
  cursor.created = from_epoch_ms(created);
  return cursor;
}

std::optional<HistoryKind> parse_kind(std::string_view word) {
  if (word == "PUSH") return HistoryKind::kPush;
  if (word == "TABLE_CHANGE") return HistoryKind::kTableChange;
  if (word == "DROP") return HistoryKind::kDrop;
  if (word == "TRUNCATE") return HistoryKind::kTruncate;
  if (word == "DELETE") return HistoryKind::kDelete;
  return std::nullopt;
}

std::optional<bool> parse_flag(std::string_view word) {
  if (word == "true") return true;
  if (word == "false") return false;
  return std::nullopt;
}

/// Sets `target` from a parameter, if it is given; kInvalid with `must` for what `parse` does not know.
template <class Value, class Parse>
Result<void> read(const Request& request, std::string_view name, std::optional<Value>& target, Parse parse,
                  std::string_view must) {
  const auto text = request.query_value(name);
  if (!text) return {};
  target = parse(*text);
  if (!target) return invalid_field(std::string(name), std::string(must));
  return {};
}

Result<HistoryFilter> filter_of(const Request& request) {
  HistoryFilter filter;
  constexpr std::string_view kTime =
      "must be epoch milliseconds or an ISO 8601 date and time such as 2024-01-31T12:00:00Z";
  ADIT_CHECK(read(request, "status", filter.status, &parse_job_status,
                  "must be one of NEW, QUEUED, RUNNING, DONE, ERROR, CANCELED"));
  ADIT_CHECK(read(request, "type", filter.type, &parse_job_type, "must be REPLACE or DELTA"));
  ADIT_CHECK(read(request, "kind", filter.kind, &parse_kind,
                  "must be one of PUSH, TABLE_CHANGE, DROP, TRUNCATE, DELETE"));
  ADIT_CHECK(read(request, "deleted", filter.deleted, &parse_flag, "must be true or false"));
  ADIT_CHECK(read(request, "from", filter.from, &parse_time, kTime));
  ADIT_CHECK(read(request, "to", filter.before, &parse_time, kTime));
  if (const auto name = request.query_value("targetName")) filter.target_name = std::string(*name);
  return filter;
}

/// Looks up the names of creators, each once.
class Names {
 public:
  explicit Names(const Services& services) : services_(services) {}

  Result<CreatorNames> of(const std::optional<JobCreator>& creator) {
    if (!creator) return CreatorNames{};
    auto& known = names_[{creator->user.to_string(), creator->key.to_string()}];
    if (!known) {
      ADIT_TRY(const auto user, services_.catalog.find_user(creator->user));
      ADIT_TRY(const auto key, services_.catalog.find_key(creator->key));
      ADIT_TRY(const auto client, services_.catalog.find_client(ClientId(creator->key.uuid())));
      known = CreatorNames{user ? user->name : "", key ? key->name : client ? client->name : ""};
    }
    return *known;
  }

 private:
  const Services& services_;
  std::map<std::pair<std::string, std::string>, std::optional<CreatorNames>> names_;
};

Result<Response> list_history(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  ADIT_CHECK(refuse_unknown_parameters(
      request, {"status", "targetName", "type", "kind", "deleted", "from", "to", "limit", "cursor"}));
  ADIT_TRY(const auto filter, filter_of(request));
  ADIT_TRY(const auto limit, count_parameter(request, "limit", kLimitDefault));
  if (limit < 1 || limit > kLimitMax) return invalid_field("limit", "must be a number from 1 to 1000");
  std::optional<HistoryCursor> after;
  ADIT_CHECK(read(request, "cursor", after, &parse_cursor,
                  "must be what an earlier answer gave as \"next\"; leave it out for the newest jobs"));
  ADIT_TRY(const auto page, services.catalog.list_history(pool.id, filter, after, limit));
  Names names(services);
  json::array jobs;
  for (const auto& job : page.jobs) {
    ADIT_TRY(const auto creator, names.of(job.creator));
    jobs.push_back(history_json(job, services.push.progress(job), creator));
  }
  const json::object body{{"jobs", std::move(jobs)},
                          {"next", page.next ? json::value(cursor_text(*page.next)) : json::value(nullptr)}};
  return Response::json(200, json::serialize(body));
}

Result<Response> get_history(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  ADIT_TRY(const auto id, id_in_path(request, "jobId"));
  ADIT_TRY(const auto job, services.catalog.find_job(pool.id, JobId(id), true));
  if (!job) {
    return not_found("The history of this data pool has no job " + id.to_string() +
                     ": there never was one, or it has been forgotten.");
  }
  ADIT_TRY(const auto creator, Names(services).of(job->creator));
  ADIT_TRY(const auto chunks, services.catalog.list_chunks(job->id));
  return Response::json(200,
                        json::serialize(history_json(*job, services.push.progress(*job), creator, chunks)));
}

}  // namespace

void add_history_endpoints(EndpointTable& table) {
  const std::string history = "/adit/api/v1/pools/{poolId}/history";
  table.add({"listHistory", Method::kGet, history, Needs::kViewPool}, list_history);
  table.add({"getHistory", Method::kGet, history + "/{jobId}", Needs::kViewPool}, get_history);
}

}  // namespace adit
