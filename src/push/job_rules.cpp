#include "push/job_rules.h"

#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "formats/names.h"

namespace adit {
namespace {

constexpr std::size_t kKeysMax = 64;
constexpr std::size_t kColumnsMax = 4096;

class Rules {
 public:
  void check_table(std::string_view attribute, const std::string& name) {
    if (auto good = check_table_name(name); !good) fail(attribute, good.error().public_message);
  }

  void check_columns(std::string_view attribute, const std::vector<std::string>& names,
                     std::size_t count_max) {
    if (names.size() > count_max)
      fail(attribute, "must not hold more than " + std::to_string(count_max) + " columns");
    std::unordered_set<std::string> seen;
    for (const auto& name : names) {
      if (auto good = check_column_name(name, "The column"); !good)
        fail(attribute, good.error().public_message);
      if (!seen.insert(fold_name(name)).second) {
        fail(attribute, "names the column \"" + shorten(name, 80) +
                            "\" twice; names are the same in upper and lower case");
      }
    }
  }

  void check_keys(const JobSpec& spec) {
    check_columns("keys", spec.keys, kKeysMax);
    for (const auto& key : spec.key_columns()) {
      if (!is_change_date(key)) continue;
      fail(spec.keys.empty() ? "tableSchema.columns" : "keys",
           "has \"" + key +
               "\" as a key column, which is the same in all rows of a job: it holds the job's " +
               "changeDate, not what the chunks have. Take other columns as keys, or send its values in a " +
               "column of another name.");
    }
  }

  void check_mirrors(std::string_view attribute, const JobSpec& spec) {
    if (spec.mirror_target_names.size() > kMirrorsMax)
      fail(attribute, "must not hold more than " + std::to_string(kMirrorsMax) + " tables");
    std::unordered_set<std::string> seen{fold_name(spec.target_name)};
    for (const auto& name : spec.mirror_target_names) {
      check_table(attribute, name);
      if (!seen.insert(fold_name(name)).second) {
        fail(attribute, "names the table \"" + shorten(name, 80) +
                            "\" twice, or it is the target; names are the same in upper and lower case");
      }
    }
  }

  Result<void> outcome() && {
    if (errors_.empty()) return {};
    Error error{ErrorKind::kInvalid, errors_.front().attribute + ": " + errors_.front().message};
    error.fields = std::move(errors_);
    return error;
  }

 private:
  void fail(std::string_view attribute, std::string message) {
    errors_.push_back({std::string(attribute), std::move(message)});
  }

  std::vector<FieldError> errors_;
};

}  // namespace

Result<void> check_job_spec(const JobSpec& spec) {
  Rules rules;
  rules.check_table("targetName", spec.target_name);
  rules.check_keys(spec);
  if (spec.table_schema) {
    std::vector<std::string> declared;
    for (const auto& column : spec.table_schema->columns) declared.push_back(column.name);
    rules.check_columns("tableSchema.columns", declared, kColumnsMax);
  }
  rules.check_mirrors("mirrorTargetNames", spec);
  return std::move(rules).outcome();
}

Result<void> check_duplicate_removal_column(const JobSpec& spec, const std::string& column) {
  constexpr auto kAttribute = "duplicateRemovalColumn";
  if (auto good = check_column_name(column, "The column"); !good) {
    return invalid_field(kAttribute, good.error().public_message);
  }
  if (spec.key_columns().empty()) {
    return invalid_field(kAttribute,
                         "needs a job with key columns: it decides which row of a key stays. Name them in "
                         "\"keys\" when the job is created.");
  }
  if (spec.allow_duplicate) {
    return invalid_field(kAttribute, "contradicts the job's allowDuplicate, which keeps every row.");
  }
  return {};
}

}  // namespace adit
