// The audit log: listed page by page, or exported as a whole.
#include <algorithm>
#include <array>
#include <utility>

#include "api/accept.h"
#include "api/endpoint.h"
#include "api/query_parameters.h"
#include "api/row_text.h"
#include "model/json_fields.h"

namespace adit {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr std::uint64_t kPageDefault = 100;
constexpr std::uint64_t kPageMax = 1'000;
constexpr std::array kForms{ResultFormat::kJson, ResultFormat::kJsonLines, ResultFormat::kCsv};

const std::vector<ColumnInfo>& columns() {
  static const std::vector<ColumnInfo> kColumns = [] {
    std::vector<ColumnInfo> made;
    for (const auto* name : {"number", "at", "principalKind", "principalId", "principalName", "keyId", "peer",
                             "operation", "poolId", "object", "status", "outcome", "reference"}) {
      made.emplace_back().name = name;
    }
    return made;
  }();
  return kColumns;
}

template <class AnyId>
Cell cell_of(const std::optional<AnyId>& id) {
  return id ? Cell(id->to_string()) : Cell();
}

/// The values of columns().
std::vector<Cell> row_of(const AuditEntry& entry) {
  const auto& principal = entry.principal;
  return {Cell(entry.number),
          Cell(to_epoch_ms(entry.at)),
          principal ? Cell(std::string(to_string(principal->kind))) : Cell(),
          principal ? Cell(principal->id.to_string()) : Cell(),
          Cell(entry.principal_name),
          cell_of(entry.key),
          Cell(entry.peer),
          Cell(entry.operation),
          cell_of(entry.pool),
          Cell(entry.object),
          Cell(std::int64_t{entry.status}),
          Cell(std::string(to_string(audit_outcome(entry.status)))),
          Cell(entry.reference)};
}

/// The log from the latest entry on, a page of the catalog at a time.
class AuditSource final : public http::BodySource {
 public:
  AuditSource(Catalog& catalog, TeamId team, AuditFilter filter, std::int64_t before, ResultFormat format,
              std::uint64_t limit)
      : catalog_(catalog),
        team_(team),
        filter_(std::move(filter)),
        before_(before),
        format_(format),
        left_(limit) {
    if (format == ResultFormat::kCsv) append_csv_header(head_, columns());
  }

  Result<void> read(std::string& piece) override {
    piece = std::exchange(head_, {});
    if (left_ == 0) return {};
    ADIT_TRY(const auto entries, catalog_.list_audit(team_, filter_, before_, std::min(left_, kPageMax)));
    left_ = entries.empty() ? 0 : left_ - entries.size();
    for (const auto& entry : entries) {
      before_ = entry.number;
      if (format_ == ResultFormat::kCsv) {
        append_csv_row(piece, row_of(entry));
      } else {
        append_json_line(piece, columns(), row_of(entry));
      }
    }
    return {};
  }

 private:
  Catalog& catalog_;
  const TeamId team_;
  const AuditFilter filter_;
  std::int64_t before_;
  const ResultFormat format_;
  std::uint64_t left_;
  std::string head_;
};

Result<std::optional<Timestamp>> time_parameter(const Request& request, std::string_view name) {
  const auto text = request.query_value(name);
  if (!text || text->empty()) return std::optional<Timestamp>();
  if (const auto time = parse_iso8601(*text)) return time;
  const auto ms = count_parameter(request, name, 0);
  if (ms && *ms <= 253'402'300'799'999) return std::optional(from_epoch_ms(static_cast<std::int64_t>(*ms)));
  return invalid_field(std::string(name),
                       "must be a time: ISO 8601, or milliseconds since 1970-01-01T00:00:00Z");
}

Result<AuditFilter> filter_of(const Request& request) {
  AuditFilter filter;
  ADIT_TRY(filter.from, time_parameter(request, "from"));
  ADIT_TRY(filter.to, time_parameter(request, "to"));
  filter.principal = request.query_value("principal").value_or("");
  filter.operation = request.query_value("operation").value_or("");
  filter.object = request.query_value("object").value_or("");
  if (const auto word = request.query_value("outcome"); word && !word->empty()) {
    filter.outcome = parse_audit_outcome(*word);
    if (!filter.outcome) return invalid_field("outcome", "must be SUCCESS, REFUSED or FAILED");
  }
  return filter;
}

Result<Response> page(const Services& services, const Request& request, const AuditFilter& filter,
                      std::int64_t before) {
  ADIT_TRY(const auto limit, count_parameter(request, "limit", kPageDefault));
  if (limit < 1 || limit > kPageMax)
    return invalid_field("limit", "must be from 1 to " + std::to_string(kPageMax));
  ADIT_TRY(const auto entries, services.catalog.list_audit(caller(request).team, filter, before, limit));
  std::string body = R"({"entries":[)";
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i > 0) body += ',';
    append_json_line(body, columns(), row_of(entries[i]));
    body.pop_back();  // the end of the line
  }
  const bool more = entries.size() == limit;
  body += R"(],"next":)" + (more ? std::to_string(entries.back().number) : "null") + "}";
  return Response::json(200, std::move(body));
}

Result<Response> list_audit(const Services& services, const Request& request) {
  const auto format = accepted_format(request, kForms);
  if (!format) return not_acceptable(request, kForms);
  ADIT_TRY(auto filter, filter_of(request));
  ADIT_TRY(const auto cursor, count_parameter(request, "before", AuditCatalog::kFromTheLatest));
  const auto before =
      static_cast<std::int64_t>(std::min<std::uint64_t>(cursor, AuditCatalog::kFromTheLatest));
  if (format == ResultFormat::kJson) return page(services, request, filter, before);
  ADIT_TRY(const auto limit, count_parameter(request, "limit", ~0ULL));
  Response response;
  std::string type(media_type(*format));
  if (format == ResultFormat::kCsv) type += "; charset=utf-8; header=present";
  response.headers.emplace_back("Content-Type", std::move(type));
  response.source = std::make_shared<AuditSource>(services.catalog, caller(request).team, std::move(filter),
                                                  before, *format, limit);
  return response;
}

}  // namespace

void add_audit_endpoints(EndpointTable& table) {
  table.add({"listAudit", Method::kGet, "/adit/api/v1/audit", Needs::kViewAuditLog}, list_audit);
}

}  // namespace adit
