// `adit key`.
#include <cctype>
#include <fstream>
#include <iostream>

#include "app/access_calls.h"
#include "app/access_output.h"
#include "app/command_support.h"
#include "app/commands.h"
#include "base/clock.h"
#include "client/json_view.h"
#include "model/ids.h"

namespace adit {
namespace {

namespace json = boost::json;
using client::Method;
using client::text_at;

const std::string kKeys = "/adit/api/v1/keys";

// The first line of a file or of standard input.
Result<std::string> read_credential(const std::string& file) {
  std::string line;
  if (file == "-") {
    std::getline(std::cin, line);
  } else {
    std::ifstream in(file);
    if (!in) return invalid("`" + file + "` can't be read.");
    std::getline(in, line);
  }
  while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back())) != 0) line.pop_back();
  if (line.empty())
    return invalid("There is no key in " + (file == "-" ? "standard input" : "`" + file + "`") + ".");
  return line;
}

Result<json::object> request_of(AccessCalls& calls, const KeyOptions& options) {
  json::object body{{"name", options.name}};
  if (options.application) body["kind"] = "APPLICATION";
  if (!options.app.empty()) {
    ADIT_TRY(body["applicationId"], find_application(calls, options.app));
  }
  if (!options.user.empty()) {
    ADIT_TRY(body["userId"], find_user(calls, options.user));
  }
  if (options.expires_days) {
    const auto now = to_epoch_ms(SystemClock().now());
    body["expiresAt"] = now + static_cast<std::int64_t>(*options.expires_days) * 86'400'000;
  }
  if (!options.scopes.empty()) body["scopes"] = json::value_from(options.scopes);
  if (!options.pools.empty()) {
    json::array ids;
    for (const auto& pool : options.pools) {
      ADIT_TRY(const auto id, calls.find_pool(pool));
      ids.emplace_back(id);
    }
    body["pools"] = std::move(ids);
  }
  return body;
}

void print_new(const json::object& key, bool as_json) {
  if (as_json) {
    std::cout << key << '\n';
    return;
  }
  const bool application = text_at(key, "kind") == "APPLICATION";
  std::cout << text_at(key, "key") << '\n';
  std::cerr << "Send it as `Authorization: " << (application ? "AppKey" : "Bearer")
            << " KEY`. It is not shown again; its id is " << text_at(key, "id") << ".\n";
}

Result<void> make(AccessCalls& calls, const KeyOptions& options) {
  ADIT_TRY(auto body, request_of(calls, options));
  const bool imports = options.action == KeyAction::kImport;
  if (imports) {
    ADIT_TRY(body["key"], read_credential(options.file));
  }
  ADIT_TRY(const auto made, calls.call(Method::kPost, kKeys, body));
  const auto& key = client::as_object(made);
  if (options.application && !options.json) {
    std::cerr
        << "The application may nothing yet. Grant it something, as: adit grant give DATA_PUSH_API --app "
        << text_at(key, "ownerId") << " --pool POOL\n";
  }
  if (!imports) {
    print_new(key, options.json);
  } else if (options.json) {
    std::cout << key << '\n';
  } else {
    std::cout << text_at(key, "id") << '\n';
  }
  return {};
}

Result<void> list(AccessCalls& calls, const KeyOptions& options) {
  ADIT_TRY(const auto keys, calls.call(Method::kGet, kKeys));
  print_list(keys, options.json,
             {{"NAME", "name"},
              {"ID", "id"},
              {"KIND", "kind"},
              {"OWNER", "ownerName"},
              {"CREATED", "createdAt", Cell::kTime},
              {"LAST USED", "lastUsedAt", Cell::kTime},
              {"EXPIRES", "expiresAt", Cell::kTime},
              {"SCOPES", "scopes", Cell::kList},
              {"POOLS", "pools", Cell::kCount}});
  return {};
}

Result<void> rotate(AccessCalls& calls, const KeyOptions& options) {
  json::object body;
  if (options.overlap_hours) body["overlapSeconds"] = *options.overlap_hours * 3600;
  ADIT_TRY(const auto made, calls.call(Method::kPost, kKeys + "/" + options.id + "/rotate", body));
  print_new(client::as_object(made), options.json);
  return {};
}

Result<void> run(const KeyOptions& options) {
  const bool of_one = options.action == KeyAction::kRotate || options.action == KeyAction::kDelete;
  if (of_one && !KeyId::parse(options.id)) {
    return invalid("`" + options.id + "` is not a key's id; `adit key list` shows them.");
  }
  ADIT_TRY(const auto calls, open_access(options.connection));
  switch (options.action) {
    case KeyAction::kList:
      return list(*calls, options);
    case KeyAction::kCreate:
    case KeyAction::kImport:
      return make(*calls, options);
    case KeyAction::kRotate:
      return rotate(*calls, options);
    case KeyAction::kDelete:
      ADIT_CHECK(calls->call(Method::kDelete, kKeys + "/" + options.id));
      return {};
  }
  std::unreachable();
}

}  // namespace

ExitCode run_command(const KeyOptions& options) { return ended(run(options), options.connection); }

}  // namespace adit
