// AccessCalls: the API of users, applications, groups, grants and keys, over HTTP or on the folder of a
// stopped server.
#pragma once

#include <boost/json.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "app/options.h"
#include "base/result.h"
#include "client/http_client.h"

namespace adit {

class AccessCalls {
 public:
  virtual ~AccessCalls() = default;
  /// The JSON of the answer; null where there is no body. Errors are those that the answer describes.
  virtual Result<boost::json::value> call(client::Method method, const std::string& path,
                                          const boost::json::object& body = {}) = 0;
  /// The id of the pool of exactly that name; a text in the form of a UUID is an id.
  virtual Result<std::string> find_pool(const std::string& name_or_id) = 0;
};

/// The running server where there is one, as whom the key says; else the folder itself, under its lock, as
/// an administrator of the team that the options name. The lock is held as long as the result lives. kInvalid
/// when they name a team and a server runs: there the key says which.
Result<std::unique_ptr<AccessCalls>> open_access(const ConnectionOptions& options);

/// On the folder of a stopped server. kConflict when a server runs on it; kNotFound where there is no team of
/// that domain or id. Without one it is the first team.
Result<std::unique_ptr<AccessCalls>> open_offline_access(const std::filesystem::path& data,
                                                         const std::optional<std::string>& team);

/// The id of what a list names: by `id`, or by `name_member`, without regard to case. `what` is for the
/// error: `user`. kInvalid where several have the name.
Result<std::string> find_listed(AccessCalls& calls, const std::string& list_path,
                                std::string_view name_member, const std::string& what,
                                const std::string& name_or_id);

}  // namespace adit
