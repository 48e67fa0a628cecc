#include "app/access_calls.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "app/command_support.h"
#include "client/adit_api.h"
#include "client/json_view.h"

namespace adit {
namespace {

namespace json = boost::json;

class HttpAccess final : public AccessCalls {
 public:
  explicit HttpAccess(client::AditApi api) : api_(std::move(api)) {}

  Result<json::value> call(client::Method method, const std::string& path,
                           const json::object& body) override {
    const auto answer = api_.http().send(method, path, body.empty() ? std::string() : json::serialize(body));
    if (answer && answer->ok() && answer->body.empty()) return json::value();
    return client::json_of(answer);
  }

  Result<std::string> find_pool(const std::string& name_or_id) override { return api_.find_pool(name_or_id); }

 private:
  client::AditApi api_;
};

bool equal_without_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace

// That a folder's lock is taken means that a server runs which can't be asked: then the reason for that is
// the error.
Result<std::unique_ptr<AccessCalls>> open_access(const ConnectionOptions& options) {
  auto api = open_api(options);
  Error reason;
  if (api) {
    const auto probe = api->http().get("/healthz");
    if (options.team && (options.url || probe)) {
      return invalid(
          "--team is for the folder of a stopped server. A running one acts on the team of the key: give "
          "--key with a key of that team, or stop the server.");
    }
    if (options.url || probe)
      return std::unique_ptr<AccessCalls>(std::make_unique<HttpAccess>(*std::move(api)));
    reason = probe.error();
  } else {
    if (options.url) return api.error();
    reason = api.error();
  }
  std::error_code failure;
  if (!std::filesystem::is_directory(options.data, failure)) return reason;
  auto offline = open_offline_access(options.data, options.team);
  if (!offline && offline.error().kind == ErrorKind::kConflict) return reason;
  return offline;
}

Result<std::string> find_listed(AccessCalls& calls, const std::string& list_path,
                                std::string_view name_member, const std::string& what,
                                const std::string& name_or_id) {
  ADIT_TRY(const auto list, calls.call(client::Method::kGet, list_path));
  std::vector<std::string> ids;
  for (const auto& entry : list.as_array()) {
    const auto& object = client::as_object(entry);
    const auto id = client::text_at(object, "id");
    if (id == name_or_id) return id;
    if (equal_without_case(client::text_at(object, name_member), name_or_id)) ids.push_back(id);
  }
  if (ids.size() == 1) return ids.front();
  if (ids.empty())
    return not_found("There is no " + what + " \"" + name_or_id + "\"; list them to see what there is.");
  std::string several;
  for (const auto& id : ids) several += (several.empty() ? "" : ", ") + id;
  return invalid("There are several: the " + what + " \"" + name_or_id + "\" may be " + several +
                 ". Say which by its id.");
}

}  // namespace adit
