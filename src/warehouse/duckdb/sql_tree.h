// The tree of a parsed query, checked by lists of what is allowed.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/result.h"

namespace adit {

/// What a query may name: the tables and views of the pool, global or of its connections.
struct PoolNames {
  struct Relation {
    std::string view_body;  ///< empty for a table
  };
  std::string catalog;                                  ///< the engine's name of the pool's file
  std::unordered_map<std::string, Relation> relations;  ///< by relation_key()
};

/// Schema and name as the engine compares them, in lower case (ASCII only). Global tables stand in `main`.
std::string relation_key(std::string_view schema, std::string_view name);

/// `name` with A–Z in lower case, which is how the engine compares names.
std::string engine_lower(std::string_view name);

/// Walks what json_serialize_sql() made of a statement. Every kind of node and every attribute of it must be
/// known; what is unknown is refused, so that a newer engine's syntax is not let through unread.
///
/// Besides what a query may reach, the walk bounds what planning it may cost: the engine can't be interrupted
/// while it plans, and common table expressions, aliases, views, nested subqueries and lambdas make small
/// texts into huge plans.
class SqlTree {
 public:
  /// Parses SQL to the engine's tree; asked for the bodies of views.
  using Parse = std::function<Result<boost::json::value>(const std::string& sql)>;

  SqlTree(const PoolNames& names, Parse parse) : names_(names), parse_(std::move(parse)) {}

  /// `tree` is the whole answer of json_serialize_sql() with exactly one statement. kInvalid with the reason
  /// when the statement may not run.
  Result<void> check(const boost::json::value& tree);

 private:
  friend struct SqlTreeFields;
  using Object = boost::json::object;
  using Value = boost::json::value;

  /// The names that a query node brings into view, for itself and what stands inside it.
  struct Scope {
    const Scope* outer = nullptr;
    std::unordered_map<std::string, std::uint64_t> ctes{};     ///< with the weight of one use
    std::unordered_map<std::string, std::uint64_t> aliases{};  ///< likewise
  };

  Result<void> statement(const Value& value, const Scope* scope);
  Result<void> query(const Value& value, const Scope* outer);
  Result<void> ctes(const Object& map, Scope& scope);
  Result<void> select_list(const Value& list, Scope& scope);
  Result<void> table(const Value& value, const Scope* scope);
  Result<void> base_table(const Object& object, const Scope* scope);
  Result<void> view(const std::string& key, std::string_view name, const std::string& body);
  Result<void> table_function(const Object& object, const Scope* scope);
  Result<void> expression(const Value& value, const Scope* scope);
  Result<void> function(const Object& object);
  Result<void> subquery(const Object& object, const Scope* scope);
  Result<void> column(const Object& object, const Scope* scope);
  Result<void> add_weight(std::uint64_t weight);

  const PoolNames& names_;
  const Parse parse_;
  std::unordered_set<std::string> views_open_;
  std::unordered_map<std::string, std::uint64_t> views_checked_;  ///< with their weight
  std::uint64_t weight_ = 0;
  std::uint64_t copies_ = 1;  ///< of what is being walked, made by the macros around it
  int costly_depth_ = 0;
};

}  // namespace adit
