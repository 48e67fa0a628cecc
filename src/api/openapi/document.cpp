#include "api/openapi/document.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "access/rules.h"

namespace adit {
namespace {

namespace json = boost::json;
using http::BodyKind;

json::object reference(std::string_view kind, std::string_view name) {
  return {{"$ref", "#/components/" + std::string(kind) + "/" + std::string(name)}};
}

/// Where clients reach the server, as far as it knows.
json::array servers() { return {json::object{{"url", "/"}, {"description", "This server"}}}; }

/// Whether no application ever meets the rule: an administrator is a user.
bool is_for_users(const Rule& rule) {
  const bool grantable = rule.level == RuleLevel::kCaller || !rule.on_pool.empty() || !rule.in_team.empty();
  return rule.callers == RuleCallers::kUsers || !grantable;
}

/// What a caller has to show for a need: a key, or nothing. A key that is restricted to scopes must have one
/// of those of the rule, so each stands in an alternative of its own (scopes within one alternative are
/// needed together). Where the rule names none, none is written; needs_text() says whether a restricted key
/// will do.
json::array security_of(Needs needs) {
  const auto& rule = rule_of(needs);
  json::array alternatives;
  if (rule.level == RuleLevel::kOpen) return alternatives;
  std::vector<std::string_view> schemes{"userKey"};
  if (!is_for_users(rule)) schemes.emplace_back("applicationKey");
  for (const auto scheme : schemes) {
    if (rule.scopes.empty()) alternatives.push_back(json::object{{scheme, json::array()}});
    for (const auto scope : all_scopes()) {
      if (!rule.scopes.has(scope)) continue;
      alternatives.push_back(json::object{{scheme, json::array{to_string(scope)}}});
    }
  }
  // An access token is always restricted to scopes.
  if (rule.level == RuleLevel::kCaller && rule.scopes.empty()) {
    alternatives.push_back(json::object{{"oauth", json::array()}});
  }
  for (const auto scope : all_scopes()) {
    if (rule.scopes.has(scope))
      alternatives.push_back(json::object{{"oauth", json::array{to_string(scope)}}});
  }
  return alternatives;
}

template <class Enum>
std::string listed(std::span<const Enum> all, EnumSet<Enum> set) {
  std::string words;
  for (const auto member : all) {
    if (set.has(member)) words += (words.empty() ? "`" : ", `") + std::string(to_string(member)) + "`";
  }
  return words;
}

/// The rule in words; empty where it asks for nothing, or for a key and no more.
std::string needs_text(Needs needs) {
  const auto& rule = rule_of(needs);
  const bool any_key = rule.level == RuleLevel::kCaller && rule.scopes.empty();
  if (rule.level == RuleLevel::kOpen || any_key) return {};
  std::string permissions;
  if (!rule.on_pool.empty()) permissions = listed(pool_permissions(), rule.on_pool) + " on the data pool";
  if (!rule.in_team.empty()) {
    permissions +=
        (permissions.empty() ? "" : ", or ") + listed(team_permissions(), rule.in_team) + " in the team";
  }
  std::string text;
  if (!permissions.empty()) {
    text = "Needs one of " + permissions + ", or an administrator.";
  } else if (rule.callers == RuleCallers::kUsers) {
    text = "For users, not for applications.";
  } else if (rule.level != RuleLevel::kCaller) {
    text = "Needs an administrator.";
  }
  if (!text.empty()) text += " ";
  const bool of_team = rule.level == RuleLevel::kTeam;
  if (rule.scopes.empty()) {
    return text + "A key that is restricted to scopes is refused" +
           (of_team ? ", and so is one that is restricted to data pools." : ".");
  }
  return text + "A key that is restricted to scopes must have one of " + listed(all_scopes(), rule.scopes) +
         (of_team ? "; one that is restricted to data pools is refused." : ".");
}

/// The names within {} of a pattern.
std::vector<std::string> path_parameters(std::string_view pattern) {
  std::vector<std::string> names;
  for (auto open = pattern.find('{'); open != std::string_view::npos; open = pattern.find('{', open + 1)) {
    names.emplace_back(pattern.substr(open + 1, pattern.find('}', open) - open - 1));
  }
  return names;
}

/// An alias is named for the first segment of its path: `createJob_integration_hybrid`.
std::string alias_id(const Line& line) {
  auto segment = line.pattern.substr(1, line.pattern.find('/', 1) - 1);
  std::ranges::replace_if(segment, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return line.operation + "_" + segment;
}

/// The answers that every route with such a line can give.
std::map<std::string, std::string> shared_answers(const Line& line) {
  std::map<std::string, std::string> answers{{"400", "BadRequest"},
                                             {"413", "ContentTooLarge"},
                                             {"500", "InternalError"},
                                             {"503", "Unavailable"},
                                             {"507", "StorageFull"}};
  if (line.needs != Needs::kNothing) answers["401"] = "Unauthorized";
  if (line.needs != Needs::kNothing) answers["429"] = "TooManyRequests";
  const auto& rule = rule_of(line.needs);
  if (rule.level == RuleLevel::kTeam || rule.level == RuleLevel::kPool || !rule.scopes.empty()) {
    answers["403"] = "Forbidden";
  }
  if (!path_parameters(line.pattern).empty()) answers["404"] = "NotFound";
  if (line.body != BodyKind::kNone) answers["415"] = "UnsupportedMediaType";
  return answers;
}

/// Each answer has the id of its request.
void add_request_id(json::value& response) {
  auto& object = response.as_object();
  if (object.contains("$ref")) return;
  auto headers = object["headers"].is_object() ? object["headers"].as_object() : json::object();
  headers["X-Request-Id"] = reference("headers", "X-Request-Id");
  object["headers"] = std::move(headers);
}

json::object responses_of(const Line& line, const json::object& described) {
  std::map<std::string, json::value> by_status;
  for (const auto& [status, name] : shared_answers(line)) by_status[status] = reference("responses", name);
  for (const auto& [status, response] : described) {
    by_status[status] = response;
    add_request_id(by_status[status]);
  }
  json::object responses;
  for (auto& [status, response] : by_status) responses[status] = std::move(response);
  return responses;
}

json::array parameters_of(const Line& line, const json::object& described) {
  json::array parameters;
  for (const auto& name : path_parameters(line.pattern)) parameters.push_back(reference("parameters", name));
  if (const auto* own = described.if_contains("parameters")) {
    for (const auto& parameter : own->as_array()) parameters.push_back(parameter);
  }
  if (line.body != BodyKind::kNone) {
    for (const auto* name : {"Content-Encoding", "Content-Digest", "Repr-Digest", "Content-MD5"})
      parameters.push_back(reference("parameters", name));
  }
  return parameters;
}

/// `canonical` is the first line of the same operation.
json::object operation_of(const Line& line, const Line& canonical, const json::object& described) {
  const bool alias = &line != &canonical;
  json::object operation{{"operationId", alias ? alias_id(line) : line.operation},
                         {"tags", alias ? json::value(json::array{"Aliases"}) : described.at("tags")},
                         {"summary", described.at("summary")}};
  if (alias) {
    operation["description"] = "The same as `" + canonical.operation + "`, " +
                               std::string(to_string(canonical.method)) + " `" + canonical.pattern + "`.";
    operation["x-adit-alias-of"] = canonical.operation;
  } else {
    std::string text;
    if (const auto* description = described.if_contains("description"))
      text = description->as_string().c_str();
    const auto needs = needs_text(line.needs);
    text += (text.empty() || needs.empty() ? "" : "\n\n") + needs;
    if (!text.empty()) operation["description"] = text;
  }
  auto parameters = parameters_of(line, described);
  if (!parameters.empty()) operation["parameters"] = std::move(parameters);
  if (const auto* body = described.if_contains("requestBody")) operation["requestBody"] = *body;
  operation["responses"] = responses_of(line, described.at("responses").as_object());
  operation["security"] = security_of(line.needs);
  return operation;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return std::tolower(c); });
  return result;
}

/// Puts the document together and remembers all that is wrong with it.
class Builder {
 public:
  void read(const DescriptionFile& file) {
    json::error_code error;
    const auto parsed = json::parse(file.text, error);
    if (error || !parsed.is_object()) {
      wrong(std::string(file.name) + ": is no JSON object: " + error.message());
      return;
    }
    for (const auto& [section, content] : parsed.as_object()) {
      if (section == "info" || section == "tags") {
        document_[section] = content;
      } else {
        auto& into = section == "operations" ? operations_ : component(section);
        for (const auto& [name, entry] : content.as_object()) {
          if (into.contains(name))
            wrong(std::string(file.name) + ": " + std::string(name) + " is there twice");
          into[name] = entry;
        }
      }
    }
  }

  void add(const Line& line) {
    const auto* described = operations_.if_contains(line.operation);
    if (described == nullptr) {
      wrong(std::string(to_string(line.method)) + " " + line.pattern + ": the operation " + line.operation +
            " has no description in src/api/openapi");
      return;
    }
    const auto& canonical = *first_of_.try_emplace(line.operation, &line).first->second;
    auto operation = operation_of(line, canonical, described->as_object());
    const std::string id(operation.at("operationId").as_string());
    if (!ids_.insert(id).second) wrong(line.pattern + ": the operationId " + id + " is there twice");
    auto& path = paths_[line.pattern];
    if (!path.is_object()) path = json::object();
    path.as_object()[lower(to_string(line.method))] = std::move(operation);
  }

  Result<json::object> finish() && {
    for (const auto& [name, described] : operations_) {
      if (!first_of_.contains(std::string(name)))
        wrong("operation " + std::string(name) + ": is described, but no route has it");
    }
    for (auto& [name, response] : component("responses")) add_request_id(response);
    json::object document{{"openapi", "3.1.0"}};
    document["info"] = std::move(document_["info"]);
    if (document["info"].is_object()) document["info"].as_object()["version"] = ADIT_VERSION;
    document["servers"] = servers();
    document["tags"] = std::move(document_["tags"]);
    document["paths"] = std::move(paths_);
    document["components"] = std::move(components_);
    check_references(document, document);
    if (wrong_.empty()) return document;
    std::string all;
    for (const auto& line : wrong_) all += (all.empty() ? "" : "; ") + line;
    return internal("the OpenAPI document: " + all);
  }

 private:
  void wrong(std::string what) { wrong_.push_back(std::move(what)); }

  json::object& component(std::string_view kind) {
    auto& section = components_[kind];
    if (!section.is_object()) section = json::object();
    return section.as_object();
  }

  void check_references(const json::value& value, const json::object& document) {
    if (value.is_array()) {
      for (const auto& element : value.as_array()) check_references(element, document);
    }
    if (!value.is_object()) return;
    for (const auto& [name, member] : value.as_object()) {
      if (name == "$ref" && member.is_string()) {
        check_reference(member.as_string(), document);
      } else {
        check_references(member, document);
      }
    }
  }

  void check_reference(std::string_view text, const json::object& document) {
    constexpr std::string_view kComponents = "#/components/";
    const auto place = text.substr(text.starts_with(kComponents) ? kComponents.size() : text.size());
    const auto slash = std::min(place.find('/'), place.size());
    const auto* kind = document.at("components").as_object().if_contains(place.substr(0, slash));
    const auto name = place.substr(std::min(slash + 1, place.size()));
    if (kind == nullptr || !kind->as_object().contains(name)) wrong("nothing stands at " + std::string(text));
  }

  json::object document_;
  json::object operations_;
  json::object components_;
  json::object paths_;
  std::map<std::string, const Line*> first_of_;
  std::set<std::string> ids_;
  std::vector<std::string> wrong_;
};

}  // namespace

Result<json::object> openapi_document(std::span<const Line> lines, std::span<const DescriptionFile> files) {
  Builder builder;
  for (const auto& file : files) builder.read(file);
  for (const auto& line : lines) builder.add(line);
  return std::move(builder).finish();
}

}  // namespace adit
