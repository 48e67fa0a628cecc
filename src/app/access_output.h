// What the commands of users, applications, groups, grants and keys have in common.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "app/access_calls.h"
#include "app/options.h"
#include "base/result.h"

namespace adit {

/// How a member of an answer is shown in a table.
enum class Cell {
  kText,
  kTime,   ///< of milliseconds since the epoch
  kFlag,   ///< yes or no
  kList,   ///< words with commas between
  kCount,  ///< how many
};

struct Column {
  std::string heading;
  std::string member;
  Cell cell = Cell::kText;
};

/// Prints an array of objects as a table, or as it is.
void print_list(const boost::json::value& list, bool as_json, const std::vector<Column>& columns);
/// Prints an object's member, or all of it as JSON.
void print_one(const boost::json::value& object, bool as_json, std::string_view member);

Result<std::string> find_user(AccessCalls& calls, const std::string& email_or_id);
Result<std::string> find_application(AccessCalls& calls, const std::string& name_or_id);
Result<std::string> find_group(AccessCalls& calls, const std::string& name_or_id);

/// The code to exit with; what went wrong goes to standard error.
ExitCode ended(const Result<void>& outcome, const ConnectionOptions& options);

}  // namespace adit
