#include "client/adit_api.h"

#include <algorithm>

#include "base/id.h"
#include "client/api_error.h"
#include "client/json_view.h"

namespace adit::client {
namespace {

namespace json = boost::json;

constexpr std::string_view kPools = "/adit/api/v1/pools";
constexpr std::size_t kNamesShownMax = 10;

std::string quota_path(const std::string& pool) {
  return std::string(kPools) + "/" + encode_segment(pool) + "/quota";
}

DiskView disk_view(const json::object& object) {
  return {text_at(object, "quota"), count_at(object, "maxBytes"), count_at(object, "usedBytes").value_or(0),
          count_at(object, "chunkBytes").value_or(0), count_at(object, "tableBytes")};
}

PoolView pool_view(const json::value& value) {
  const auto& object = as_object(value);
  return {text_at(object, "id"), text_at(object, "name"), text_at(object, "description"),
          number_at(object, "createdAt").value_or(0),
          disk_view(object_at(object_at(object, "adit"), "disk"))};
}

// Besides what may pass for any request: the same one, of which only the connection was lost, is still under
// way.
bool may_pass(const Answer& answer) {
  return is_passing(answer.status) ||
         (answer.status == 409 && answer.body.find("Idempotency-Key") != std::string::npos);
}

std::string names_of(const std::vector<PoolView>& pools) {
  if (pools.empty()) return "There is none yet.";
  std::string text = "There is: ";
  for (std::size_t i = 0; i < std::min(pools.size(), kNamesShownMax); ++i) {
    text += (i == 0 ? "" : ", ") + pools[i].name;
  }
  return text + (pools.size() > kNamesShownMax ? ", …" : ".");
}

}  // namespace

void AditApi::set_retries(const RetryPolicy& policy, OnRetry on_retry) {
  retries_ = policy;
  on_retry_ = std::move(on_retry);
}

void AditApi::set_stop(const StopQuestion& stop) {
  stop_ = stop;
  http_.set_stop(stop);
}

AditApi AditApi::sibling() const {
  AditApi other(http_.sibling());
  other.retries_ = retries_;
  other.on_retry_ = on_retry_;
  other.stop_ = stop_;
  return other;
}

Result<Answer> AditApi::repeated(const Attempt& attempt) {
  Retry retry(retries_, stop_, on_retry_);
  while (true) {
    auto answer = attempt();
    if (answer) {
      if (!may_pass(*answer)) return answer;
      if (!retry.wait(error_of_answer(answer->status, answer->body), answer->retry_after)) return answer;
    } else if (!is_passing(answer.error().kind) || !http_.has_connected() ||
               !retry.wait(answer.error(), std::nullopt)) {
      return answer;
    }
  }
}

Result<Answer> AditApi::get(const std::string& path) {
  return repeated([&] { return http_.get(path); });
}

Result<Answer> AditApi::post(const std::string& path, const std::string& body,
                             const std::string& repeat_key) {
  const Headers headers{{"Idempotency-Key", repeat_key}};
  return repeated([&] { return http_.send(Method::kPost, path, body, headers); });
}

Result<void> AditApi::remove(const std::string& path) {
  int attempts = 0;
  const auto answer = repeated([&] {
    ++attempts;
    return http_.remove(path);
  });
  if (answer && answer->status == 404 && attempts > 1) return {};
  return success_of(answer);
}

Result<std::vector<PoolView>> AditApi::pools() {
  return views_of<PoolView>(get(std::string(kPools)), pool_view);
}

Result<PoolView> AditApi::pool(const std::string& id) {
  ADIT_TRY(const auto answer, json_of(get(std::string(kPools) + "/" + encode_segment(id))));
  return pool_view(answer);
}

Result<PoolView> AditApi::create_pool(const std::string& name, const std::string& description,
                                      const std::string& id) {
  // With an id of its own a creation whose answer was lost is found to be there already.
  const std::string chosen = id.empty() ? Uuid::random().to_string() : id;
  const json::object body{{"id", chosen}, {"name", name}, {"description", description}};
  int attempts = 0;
  const auto answer = repeated([&] {
    ++attempts;
    return http_.post(kPools, json::serialize(body));
  });
  if (answer && answer->status == 409 && attempts > 1) return pool(chosen);
  ADIT_TRY(const auto created, json_of(answer));
  return pool_view(created);
}

Result<PoolView> AditApi::rename_pool(const std::string& id, const std::string& name,
                                      const std::optional<std::string>& description) {
  json::object body{{"name", name}};
  if (description) body["description"] = *description;
  const auto path = std::string(kPools) + "/" + encode_segment(id);
  ADIT_TRY(const auto renamed,
           json_of(repeated([&] { return http_.send(Method::kPut, path, json::serialize(body)); })));
  return pool_view(renamed);
}

Result<DiskView> AditApi::disk(const std::string& id) {
  ADIT_TRY(const auto answer, json_of(get(quota_path(id))));
  return disk_view(as_object(answer));
}

Result<DiskView> AditApi::set_quota(const std::string& id, const DiskQuota& quota) {
  json::object body{{"quota", to_string(quota.kind)}};
  if (quota.kind == DiskQuotaKind::kOwn) body["maxBytes"] = quota.bytes_max;
  const auto set = repeated([&] { return http_.send(Method::kPut, quota_path(id), json::serialize(body)); });
  ADIT_TRY(const auto answer, json_of(set));
  return disk_view(as_object(answer));
}

Result<void> AditApi::delete_pool(const std::string& id) {
  return remove(std::string(kPools) + "/" + encode_segment(id));
}

Result<std::string> AditApi::find_pool(const std::string& name_or_id) {
  if (Uuid::parse(name_or_id)) return name_or_id;
  ADIT_TRY(const auto all, pools());
  std::string found;
  std::string others;
  for (const auto& pool : all) {
    if (pool.name != name_or_id) continue;
    if (found.empty()) {
      found = pool.id;
    } else {
      others += ", " + pool.id;
    }
  }
  if (found.empty()) return not_found("There is no pool named `" + name_or_id + "`. " + names_of(all));
  if (others.empty()) return found;
  return invalid("Several pools are named `" + name_or_id + "`. Say by its id which one is meant: " + found +
                 others + ".");
}

}  // namespace adit::client
