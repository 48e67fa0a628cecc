#include "warehouse/duckdb/sql_tree.h"

#include <boost/json/array.hpp>

#include "formats/names.h"
#include "warehouse/duckdb/sql_data.h"
#include "warehouse/duckdb/sql_fields.h"
#include "warehouse/duckdb/sql_functions.h"

namespace adit {
namespace {

namespace json = boost::json;

// Planning the worst queries of this weight takes about a second.
constexpr std::uint64_t kWeightMax = 40'000;
constexpr std::uint64_t kTableWeight = 20;
// Each level of subquery or lambda inside an expression doubles the time of binding: 16 levels take seconds.
constexpr int kCostlyDepthMax = 12;

// No macro of the engine names an argument more often.
constexpr std::uint64_t kMacroCopies = 3;

constexpr std::string_view kSystemPrefixes[] = {"duckdb_", "pg_", "pragma_", "sqlite_"};

std::string quoted(std::string_view name) { return '"' + shorten(name, 100) + '"'; }

Error unknown_syntax(std::string_view what) {
  return invalid("This part of SQL is not available in queries: " + shorten(what, 100) + ".");
}

Error unknown_table(std::string_view name) {
  return invalid("There is no table or view " + quoted(name) +
                 " in this pool. SHOW TABLES lists what there is. A table of a data connection is written "
                 "\"connection\".\"table\"; files and system tables can't be queried.");
}

const SqlField* find_field(std::string_view name, std::span<const SqlField> own,
                           std::span<const SqlField> common) {
  for (const auto fields : {own, common}) {
    for (const auto& field : fields) {
      if (field.name == name) return &field;
    }
  }
  return nullptr;
}

Result<void> check_sizes(const SizedFunction& sized, const json::array& arguments) {
  for (auto i = sized.first; i <= sized.last && i < arguments.size(); ++i) {
    const auto* argument = arguments[i].if_object();
    const auto* constant = argument != nullptr && json_text(*argument, "class") == "CONSTANT"
                               ? argument->if_contains("value")
                               : nullptr;
    const auto* value =
        constant != nullptr && constant->is_object() ? constant->get_object().if_contains("value") : nullptr;
    const auto* number = value == nullptr ? nullptr : value->if_int64();
    if (number != nullptr && *number <= sized.max && *number >= -sized.max) continue;
    auto message = std::string(sized.name) + "(): argument " + std::to_string(i + 1) +
                   " must be written as a number up to " + std::to_string(sized.max) +
                   ", because it decides how much memory the result takes.";
    if (sized.name == "range" || sized.name == "generate_series") {
      message += " In FROM " + std::string(sized.name) + "(…) has no such limit.";
    }
    return invalid(std::move(message));
  }
  return {};
}

Result<void> check_format(std::string_view name, const json::array& arguments) {
  const auto* argument = arguments.empty() ? nullptr : arguments[0].if_object();
  if (argument != nullptr && json_text(*argument, "class") == "CONSTANT") {
    const auto* value = argument->if_contains("value");
    if (value != nullptr && value->is_object() && is_harmless_format(json_text(value->get_object(), "value")))
      return {};
  }
  return invalid(std::string(name) +
                 "(): the format must be written as a text in quotes, with widths below 1000.");
}

Result<void> check_arguments(std::string_view name, const json::object& object) {
  const auto* children = object.if_contains("children");
  if (children == nullptr || !children->is_array()) return unknown_syntax(name);
  if (name == "format" || name == "printf") return check_format(name, children->get_array());
  if (const auto* sized = find_sized_function(name)) return check_sizes(*sized, children->get_array());
  return {};
}

}  // namespace

/// Goes through the attributes of a node, each as its field says.
struct SqlTreeFields {
  SqlTree& tree;
  const SqlTree::Scope* scope;

  Result<void> all(const json::object& object, std::span<const SqlField> own,
                   std::span<const SqlField> common) {
    for (const auto& member : object) {
      const auto* field = find_field(member.key(), own, common);
      if (field == nullptr) return unknown_syntax(member.key());
      ADIT_CHECK(part(field->part, member.key(), member.value()));
    }
    return {};
  }

  Result<void> part(SqlPart part, std::string_view name, const json::value& value) {
    switch (part) {
      case SqlPart::kDone:
        return {};
      case SqlPart::kData:
        return is_data(value) ? Result<void>() : unknown_syntax(name);
      case SqlPart::kType:
        return is_type(value) ? Result<void>() : unknown_syntax(name);
      case SqlPart::kAbsent:
        return is_absent(value) ? Result<void>() : unknown_syntax(name);
      case SqlPart::kExpression:
        return value.is_null() ? Result<void>() : tree.expression(value, scope);
      case SqlPart::kExpressions:
        return expressions(value);
      case SqlPart::kTable:
        return value.is_null() ? Result<void>() : tree.table(value, scope);
      case SqlPart::kQuery:
        return value.is_null() ? unknown_syntax(name) : tree.query(value, scope);
      case SqlPart::kQueries:
        return queries(value);
      case SqlPart::kStatement:
        return tree.statement(value, scope);
      case SqlPart::kModifiers:
        return modifiers(value);
    }
    std::unreachable();
  }

  Result<void> queries(const json::value& value) {
    const auto* list = value.if_array();
    if (list == nullptr) return value.is_null() ? Result<void>() : tree.query(value, scope);
    for (const auto& element : *list) ADIT_CHECK(tree.query(element, scope));
    return {};
  }

  Result<void> expressions(const json::value& value) {
    if (value.is_null()) return {};
    const auto* list = value.if_array();
    if (list == nullptr) return unknown_syntax("a list");
    for (const auto& element : *list) {
      const auto* object = element.if_object();
      if (object == nullptr) {
        ADIT_CHECK(expressions(element));
      } else if (object->contains("class")) {
        ADIT_CHECK(tree.expression(element, scope));
      } else {
        ADIT_CHECK(all(*object, part_fields(), {}));
      }
    }
    return {};
  }

  Result<void> modifiers(const json::value& value) {
    if (value.is_null()) return {};
    if (const auto* list = value.if_array()) {
      for (const auto& element : *list) ADIT_CHECK(modifiers(element));
      return {};
    }
    if (!value.is_object()) return unknown_syntax("a modifier");
    const auto type = json_text(value.get_object(), "type");
    const auto fields = modifier_fields(type);
    if (fields.empty()) return unknown_syntax(type);
    return all(value.get_object(), fields, {});
  }
};

std::string engine_lower(std::string_view name) {
  std::string lower(name);
  for (auto& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string relation_key(std::string_view schema, std::string_view name) {
  return engine_lower(schema) + '\0' + engine_lower(name);
}

Result<void> SqlTree::check(const Value& tree) {
  const auto* statements = tree.is_object() ? tree.get_object().if_contains("statements") : nullptr;
  if (statements == nullptr || !statements->is_array() || statements->get_array().size() != 1) {
    return invalid("A query is exactly one statement.");
  }
  return statement(statements->get_array()[0], nullptr);
}

Result<void> SqlTree::statement(const Value& value, const Scope* scope) {
  const auto* object = value.if_object();
  if (object == nullptr) return unknown_syntax("a statement");
  const auto* node = object->if_contains("node");
  if (node == nullptr) return unknown_syntax("a statement without a query");
  for (const auto& member : *object) {
    if (member.key() == "node") continue;
    if (member.key() != "named_param_map") return unknown_syntax(member.key());
    if (!is_absent(member.value()))
      return invalid("Parameters (?, $1, $name) are not available in queries; write the value.");
  }
  return query(*node, scope);
}

Result<void> SqlTree::query(const Value& value, const Scope* outer) {
  const auto* object = value.if_object();
  if (object == nullptr) return unknown_syntax("a query");
  const auto type = json_text(*object, "type");
  const auto fields = query_fields(type);
  if (fields.empty()) return unknown_syntax(type);

  Scope scope{outer};
  if (const auto* map = object->if_contains("cte_map")) {
    if (!map->is_object()) return unknown_syntax("cte_map");
    ADIT_CHECK(ctes(map->get_object(), scope));
  }
  // What stands in FROM does not see the aliases of the select list, everything else does.
  if (const auto* from = object->if_contains("from_table"); from != nullptr && !from->is_null()) {
    ADIT_CHECK(table(*from, &scope));
  }
  if (const auto* list = object->if_contains("select_list")) ADIT_CHECK(select_list(*list, scope));
  if (type == "RECURSIVE_CTE_NODE") {
    const auto* left = object->if_contains("left");
    const auto* right = object->if_contains("right");
    if (left == nullptr || right == nullptr) return unknown_syntax(type);
    ADIT_CHECK(query(*left, &scope));
    scope.ctes[engine_lower(json_text(*object, "cte_name"))] = kTableWeight;
    ADIT_CHECK(query(*right, &scope));
  }
  return SqlTreeFields{*this, &scope}.all(*object, fields, common_query_fields());
}

Result<void> SqlTree::ctes(const Object& map, Scope& scope) {
  const auto* entries = map.if_contains("map");
  if (entries == nullptr || !entries->is_array() || map.size() != 1) return unknown_syntax("cte_map");
  for (const auto& entry : entries->get_array()) {
    if (!entry.is_object() || entry.get_object().size() != 2) return unknown_syntax("cte_map");
    const auto name = engine_lower(json_text(entry.get_object(), "key"));
    const auto* cte = entry.get_object().if_contains("value");
    if (cte == nullptr || !cte->is_object()) return unknown_syntax("cte_map");
    // A name that would mean something else outside the WITH is refused, so that no difference between this
    // walk's idea of what is visible where and the engine's can matter.
    bool forbidden = is_reserved_name(name) || name.find_first_of("./\\:*?[") != std::string::npos;
    for (const auto prefix : kSystemPrefixes) forbidden = forbidden || name.starts_with(prefix);
    if (forbidden) return invalid("WITH: the name " + quoted(name) + " is reserved; choose another.");

    const auto before = weight_;
    for (const auto& member : cte->get_object()) {
      const auto key = member.key();
      if (key == "query") {
        ADIT_CHECK(statement(member.value(), &scope));
      } else if (key == "key_targets") {
        ADIT_CHECK((SqlTreeFields{*this, &scope}.expressions(member.value())));
      } else if ((key != "aliases" && key != "materialized") || !is_data(member.value())) {
        return unknown_syntax(key);
      }
    }
    scope.ctes[name] = weight_ - before + kTableWeight;
  }
  return {};
}

Result<void> SqlTree::select_list(const Value& list, Scope& scope) {
  if (!list.is_array()) return unknown_syntax("select_list");
  for (const auto& item : list.get_array()) {
    const auto before = weight_;
    ADIT_CHECK(expression(item, &scope));
    const auto alias = item.is_object() ? json_text(item.get_object(), "alias") : std::string_view();
    if (!alias.empty()) scope.aliases[engine_lower(alias)] = weight_ - before;
  }
  return {};
}

Result<void> SqlTree::table(const Value& value, const Scope* scope) {
  const auto* object = value.if_object();
  if (object == nullptr) return unknown_syntax("a table");
  const auto type = json_text(*object, "type");
  const auto fields = table_fields(type);
  if (fields.empty()) return unknown_syntax(type);
  ADIT_CHECK(add_weight(kTableWeight));
  if (type == "BASE_TABLE") ADIT_CHECK(base_table(*object, scope));
  if (type == "TABLE_FUNCTION") ADIT_CHECK(table_function(*object, scope));
  if (type == "SHOW_REF" && json_text(*object, "show_type") != "DESCRIBE" &&
      json_text(*object, "show_type") != "SUMMARY") {
    return invalid(
        "Of the SHOW statements only SHOW TABLES is available, and it stands alone; DESCRIBE \"table\" and "
        "SUMMARIZE \"table\" tell of one table.");
  }
  return SqlTreeFields{*this, scope}.all(*object, fields, common_table_fields());
}

Result<void> SqlTree::base_table(const Object& object, const Scope* scope) {
  const auto written = json_text(object, "table_name");
  const auto name = engine_lower(written);
  const auto schema = engine_lower(json_text(object, "schema_name"));
  const auto catalog = engine_lower(json_text(object, "catalog_name"));
  if (schema.empty() && catalog.empty()) {
    for (; scope != nullptr; scope = scope->outer) {
      const auto cte = scope->ctes.find(name);
      if (cte != scope->ctes.end()) return add_weight(cte->second);
    }
  }
  const bool elsewhere = !catalog.empty() && catalog != engine_lower(names_.catalog);
  const auto found = names_.relations.find(relation_key(schema.empty() ? "main" : schema, name));
  if (elsewhere || is_reserved_name(name) || found == names_.relations.end()) return unknown_table(written);
  const auto& body = found->second.view_body;
  return body.empty() ? Result<void>() : view(found->first, written, body);
}

Result<void> SqlTree::view(const std::string& key, std::string_view name, const std::string& body) {
  if (const auto checked = views_checked_.find(key); checked != views_checked_.end())
    return add_weight(checked->second);
  if (!views_open_.insert(key).second) return invalid("The view " + quoted(name) + " names itself.");
  const auto before = weight_;
  const auto tree = parse_(body);
  const auto allowed = tree ? check(*tree) : Result<void>(tree.error());
  views_open_.erase(key);
  if (!allowed) {
    return invalid("The view " + quoted(name) + " can't be queried: " + allowed.error().public_message);
  }
  views_checked_[key] = weight_ - before;
  return {};
}

Result<void> SqlTree::table_function(const Object& object, const Scope* scope) {
  const auto* call = object.if_contains("function");
  if (call == nullptr || !call->is_object() || json_text(call->get_object(), "class") != "FUNCTION") {
    return unknown_syntax("a table function");
  }
  const auto name = engine_lower(json_text(call->get_object(), "function_name"));
  if (!is_allowed_table_function(name)) {
    return invalid("The table function " + quoted(name) + " is not available in queries.");
  }
  return SqlTreeFields{*this, scope}.all(call->get_object(), expression_fields("FUNCTION"),
                                         common_expression_fields());
}

Result<void> SqlTree::expression(const Value& value, const Scope* scope) {
  const auto* object = value.if_object();
  if (object == nullptr) return unknown_syntax("an expression");
  ADIT_CHECK(add_weight(1));
  const auto kind = json_text(*object, "class");
  if (kind == "PARAMETER")
    return invalid("Parameters (?, $1, $name) are not available in queries; write the value.");
  const auto fields = expression_fields(kind);
  if (fields.empty() || !is_known_expression_type(kind, json_text(*object, "type"))) {
    return unknown_syntax(std::string(kind) + " " + std::string(json_text(*object, "type")));
  }
  const bool call = kind == "FUNCTION" || kind == "WINDOW";
  // `->` of JSON is a lambda to the parser, and as dear.
  const bool costly = kind == "SUBQUERY" || kind == "LAMBDA";
  if (costly && ++costly_depth_ > kCostlyDepthMax) {
    return invalid(
        "Subqueries, lambdas or -> are nested too deeply; use WITH, and json_extract() for a path.");
  }
  const auto copies = copies_;
  if (call) ADIT_CHECK(function(*object));
  if (call && copies_arguments(engine_lower(json_text(*object, "function_name")))) copies_ *= kMacroCopies;
  if (kind == "SUBQUERY") ADIT_CHECK(subquery(*object, scope));
  if (kind == "COLUMN_REF") ADIT_CHECK(column(*object, scope));
  ADIT_CHECK((SqlTreeFields{*this, scope}.all(*object, fields, common_expression_fields())));
  copies_ = copies;
  if (costly) --costly_depth_;
  return {};
}

Result<void> SqlTree::function(const Object& object) {
  const auto name = engine_lower(json_text(object, "function_name"));
  // A schema in front is no matter: `name` is harmless in all of them, and `column.function()` is written so,
  // too.
  if (!is_allowed_function(name))
    return invalid("The function " + quoted(name) + " is not available in queries.");
  return check_arguments(name, object);
}

Result<void> SqlTree::subquery(const Object& object, const Scope* scope) {
  const auto* inner = object.if_contains("subquery");
  if (inner == nullptr) return unknown_syntax("SUBQUERY");
  return statement(*inner, scope);
}

Result<void> SqlTree::column(const Object& object, const Scope* scope) {
  const auto* names = object.if_contains("column_names");
  if (names == nullptr || !names->is_array() || !is_data(*names)) return unknown_syntax("COLUMN_REF");
  if (names->get_array().empty() || !names->get_array()[0].is_string()) return {};
  const auto name = engine_lower(std::string_view(names->get_array()[0].get_string()));
  for (; scope != nullptr; scope = scope->outer) {
    const auto alias = scope->aliases.find(name);
    if (alias != scope->aliases.end()) return add_weight(alias->second);
  }
  return {};
}

Result<void> SqlTree::add_weight(std::uint64_t weight) {
  // Neither factor passes the bound by much before the walk ends, so that nothing overflows.
  weight_ += weight * copies_;
  if (weight_ <= kWeightMax) return {};
  return invalid("The query is too large once its views, WITH queries and aliases are put in.");
}

}  // namespace adit
