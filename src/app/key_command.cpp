// `adit key`.
#include <boost/json.hpp>
#include <cctype>
#include <fstream>
#include <iostream>

#include "app/command_support.h"
#include "app/commands.h"
#include "app/key_administration.h"
#include "client/text_table.h"

namespace adit {
namespace {

namespace json = boost::json;

// The running server where there is one, else the folder itself. That a folder's lock is taken means that a
// server runs which can't be asked: then the reason for that is the error.
Result<std::unique_ptr<KeyAdministration>> open_keys(const ConnectionOptions& options) {
  auto api = open_api(options);
  Error reason;
  if (api) {
    const auto probe = api->http().get("/healthz");
    if (options.url || probe) return http_key_administration(std::move(api->http()));
    reason = probe.error();
  } else {
    if (options.url) return api.error();
    reason = api.error();
  }
  std::error_code failure;
  if (!std::filesystem::is_directory(options.data, failure)) return reason;
  auto offline = open_offline_key_administration(options.data);
  if (!offline && offline.error().kind == ErrorKind::kConflict) return reason;
  return offline;
}

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

}  // namespace

ExitCode run_command(const KeyImportOptions& options) {
  const auto credential = read_credential(options.file);
  if (!credential) return report(credential.error(), options.connection);
  const auto keys = open_keys(options.connection);
  if (!keys) return report(keys.error(), options.connection);
  const auto kind = options.application ? KeyKind::kApplication : KeyKind::kUser;
  const auto id = (*keys)->import(options.name, kind, *credential);
  if (!id) return report(id.error(), options.connection);
  if (options.json) {
    std::cout << json::object{{"id", id->to_string()}, {"kind", to_string(kind)}} << '\n';
  } else {
    std::cout << id->to_string() << '\n';
  }
  return ExitCode::kOk;
}

ExitCode run_command(const KeyCreateOptions& options) {
  const auto keys = open_keys(options.connection);
  if (!keys) return report(keys.error(), options.connection);
  const auto kind = options.application ? KeyKind::kApplication : KeyKind::kUser;
  const auto created = (*keys)->create(options.name, kind);
  if (!created) return report(created.error(), options.connection);
  if (options.json) {
    std::cout << json::object{{"id", created->id.to_string()},
                              {"kind", to_string(kind)},
                              {"key", created->key}}
              << '\n';
  } else {
    std::cout << created->key << '\n';
    std::cerr << "Send it as `Authorization: " << (options.application ? "AppKey" : "Bearer")
              << " KEY`. It is not shown again; its id is " << created->id.to_string() << ".\n";
  }
  return ExitCode::kOk;
}

ExitCode run_command(const KeyListOptions& options) {
  const auto keys = open_keys(options.connection);
  if (!keys) return report(keys.error(), options.connection);
  const auto list = (*keys)->list();
  if (!list) return report(list.error(), options.connection);
  json::array entries;
  client::TextTable table{{{"NAME"}, {"ID"}, {"KIND"}, {"CREATED"}, {"LAST USED"}}, {}};
  for (const auto& key : *list) {
    const auto used = key.last_used ? to_epoch_ms(*key.last_used) : 0;
    table.rows.push_back({key.name, key.id.to_string(), std::string(to_string(key.kind)),
                          time_text(to_epoch_ms(key.created)), used == 0 ? "never" : time_text(used)});
    entries.push_back(json::object{{"id", key.id.to_string()},
                                   {"name", key.name},
                                   {"kind", to_string(key.kind)},
                                   {"createdAt", to_epoch_ms(key.created)},
                                   {"lastUsedAt", used == 0 ? json::value(nullptr) : json::value(used)}});
  }
  if (options.json) {
    std::cout << entries << '\n';
  } else {
    std::cout << client::render_table(table);
  }
  return ExitCode::kOk;
}

ExitCode run_command(const KeyDeleteOptions& options) {
  const auto id = KeyId::parse(options.id);
  if (!id)
    return report(invalid("`" + options.id + "` is not a key's id; `adit key list` shows them."),
                  options.connection);
  const auto keys = open_keys(options.connection);
  if (!keys) return report(keys.error(), options.connection);
  if (const auto removed = (*keys)->remove(*id); !removed) return report(removed.error(), options.connection);
  return ExitCode::kOk;
}

}  // namespace adit
