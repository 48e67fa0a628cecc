#include <algorithm>
#include <any>
#include <utility>

#include "api/auditing.h"
#include "api/endpoint.h"

namespace adit {
namespace {

/// Holds the caller against the rule: on the pool in the path where the rule is about one. Another team's
/// pool is not there.
Result<void> check_rights(const Services& services, Needs needs, const http::Request& request) {
  const auto& principal = caller(request);
  if (rule_of(needs).level != RuleLevel::kPool) return authorize(principal, needs);
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  return authorize(principal, needs, pool.id);
}

Result<void> check_caller(const Services& services, Needs needs, http::Request& request) {
  if (rule_of(needs).level == RuleLevel::kOpen) return {};
  const auto header = request.headers.find("Authorization");
  if (!header) {
    return Error{ErrorKind::kUnauthorized,
                 "The request has no Authorization header. Send \"Authorization: Bearer <key>\" or "
                 "\"Authorization: AppKey <key>\"; a key in the URL or the body is ignored."};
  }
  ADIT_TRY(auto principal, services.authenticator.authenticate(*header));
  ADIT_CHECK(services.authenticator.team_hosts().check(principal, request.host));
  request.principal = std::move(principal);
  return check_rights(services, needs, request);
}

/// Text between quotes in a header field, in the characters that RFC 6750 §3 leaves an error_description.
std::string described(std::string_view text) {
  std::string shown(text);
  std::ranges::replace(shown, '"', '\'');
  std::ranges::replace_if(shown, [](unsigned char c) { return c < 0x20 || c > 0x7e || c == '\\'; }, '?');
  return shown;
}

/// What RFC 6750 §3 has a refusal tell whoever came with a Bearer credential: that it does not hold, so that
/// the client asks for another one, or that its scopes do not reach this far.
void say_why(http::Response& response, const Line& line, const http::Request& request, const Error& error) {
  const bool unknown = response.status == 401;
  const bool too_narrow = response.status == 403 && lacks_scope(caller(request), line.needs);
  if (!unknown && !too_narrow) return;
  auto challenge = "Bearer realm=\"adit\", error=\"" +
                   std::string(unknown ? "invalid_token" : "insufficient_scope") +
                   "\", error_description=\"" + described(error.public_message) + "\"";
  std::erase_if(response.headers, [](const auto& field) { return field.first == "WWW-Authenticate"; });
  response.headers.emplace_back("WWW-Authenticate", std::move(challenge));
}

/// Whoever has a key that holds is let in at any time: a key can't be guessed, so there is nothing to win by
/// keeping others out that share the address of one who tries.
http::Response unauthorized_response(const Services& services, const http::Request& request,
                                     const Error& error) {
  const auto header = request.headers.find("Authorization");
  if (header && services.authenticator.is_guess(*header)) {
    const auto wait = services.attempts.failed(FailedAttempts::source_of_address(request.peer));
    if (wait) {
      return rate_limited(request, "Too many keys that do not hold came from your address. Check the key.",
                          *wait);
    }
  }
  return error_response(request, error);
}

std::optional<http::Response> admit(const Services& services, const Line& line, http::Request& request) {
  const auto admitted = check_caller(services, line.needs, request);
  if (admitted) return std::nullopt;
  const bool unknown = admitted.error().kind == ErrorKind::kUnauthorized && !request.principal.has_value();
  auto response = unknown ? unauthorized_response(services, request, admitted.error())
                          : error_response(request, admitted.error());
  if (is_bearer(request.headers.find("Authorization").value_or("")))
    say_why(response, line, request, admitted.error());
  // What is slowed has been entered often enough.
  if (response.status != 429) audit_refusal(services, line, request, response.status);
  return response;
}

}  // namespace

void EndpointTable::add(Line line, Handler handle) {
  entries_.push_back({std::move(line), std::move(handle), {}});
}

void EndpointTable::add_upload(Line line, Opener open) {
  entries_.push_back({std::move(line), {}, std::move(open)});
}

std::vector<Line> EndpointTable::lines() const {
  std::vector<Line> lines;
  for (const auto& entry : entries_) lines.push_back(entry.line);
  return lines;
}

std::vector<http::Route> EndpointTable::bind(const Services& services) && {
  std::vector<http::Route> routes;
  for (auto& [line, handle, open] : entries_) {
    auto& route = routes.emplace_back();
    route.method = line.method;
    route.pattern = line.pattern;
    route.body = line.body;
    route.watches_client = line.watch == Watch::kClient;
    route.runs_on = line.runs_on;
    route.admit = [services, line = line](http::Request& request) { return admit(services, line, request); };
    if (open) {
      route.open = [services, opener = std::move(open)](const http::Request& request) {
        return opener(services, request);
      };
    } else {
      route.handle = [services, line = line, handler = std::move(handle)](const http::Request& request) {
        auto handled = handler(services, request);
        auto response = handled ? *std::move(handled) : error_response(request, handled.error());
        audit(services, line, request, response);
        return response;
      };
    }
  }
  return routes;
}

bool still_admitted(const Services& services, Needs needs, http::Request& request) {
  return check_caller(services, needs, request).ok();
}

const Principal& caller(const http::Request& request) {
  return std::any_cast<const Principal&>(request.principal);
}

Result<void> may_also(const http::Request& request, Needs needs, PoolId pool) {
  return authorize(caller(request), needs, pool);
}

JobCreator creator_of(const http::Request& request) {
  const auto& principal = caller(request);
  return {principal.user, KeyId(principal.credential())};
}

Result<Uuid> id_in_path(const http::Request& request, std::string_view name) {
  const auto text = request.parameter(name);
  const auto id = Uuid::parse(text);
  if (!id) return not_found("\"" + std::string(text) + "\" is no id: ids are UUIDs.");
  return *id;
}

Result<Pool> pool_in_path(const Services& services, const http::Request& request) {
  ADIT_TRY(const auto id, id_in_path(request, "poolId"));
  ADIT_TRY(auto pool, services.catalog.find_pool(caller(request).team, PoolId(id)));
  if (!pool) return not_found("There is no data pool " + id.to_string() + " in your team.");
  return *std::move(pool);
}

Result<void> only_first_team(const Services& services, const http::Request& request, std::string message) {
  ADIT_TRY(const auto first, services.catalog.find_team());
  if (first && first->id == caller(request).team) return {};
  return Error{ErrorKind::kForbidden, std::move(message)};
}

Result<void> refuse_headers(const http::Request& request, std::initializer_list<std::string_view> names) {
  for (const auto name : names) {
    if (request.headers.find(name)) {
      return invalid_field(std::string(name),
                           "this header is not supported by this version of adit; leave it out");
    }
  }
  return {};
}

Result<EndpointTable> make_table(const ApiLimits& limits) {
  EndpointTable table;
  add_job_endpoints(table);
  add_chunk_endpoints(table);
  add_event_endpoints(table);
  add_history_endpoints(table);
  add_pool_endpoints(table);
  add_disk_quota_endpoints(table);
  add_data_source_endpoints(table);
  add_table_endpoints(table);
  add_table_change_endpoints(table);
  add_team_endpoints(table);
  add_query_endpoints(table, limits);
  add_audit_endpoints(table);
  add_backup_endpoints(table);
  add_access_endpoints(table);
  add_oauth_endpoints(table);
  add_system_endpoints(table, limits);
  ADIT_CHECK(add_openapi_endpoint(table));
  return table;
}

Result<std::vector<http::Route>> make_routes(const Services& services) {
  ADIT_TRY(auto table, make_table(services.limits));
  return std::move(table).bind(services);
}

}  // namespace adit
