// The schemas of a pool's file in which the tables of data connections stand.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "base/guarded.h"
#include "warehouse/duckdb/engine.h"

namespace adit {

class Schemas;

/// A schema that is there as long as this lives. By default the global one, which always is.
class SchemaUse {
 public:
  SchemaUse() = default;
  SchemaUse(Schemas& schemas, std::string folded, std::string name)
      : schemas_(&schemas), folded_(std::move(folded)), name_(std::move(name)) {}
  SchemaUse(SchemaUse&& other) noexcept
      : schemas_(std::exchange(other.schemas_, nullptr)),
        folded_(std::move(other.folded_)),
        name_(std::move(other.name_)) {}
  SchemaUse& operator=(SchemaUse&&) = delete;
  ~SchemaUse();

  /// As the engine spells it; empty for the global one.
  const std::string& name() const { return name_; }

 private:
  Schemas* schemas_ = nullptr;
  std::string folded_;
  std::string name_;
};

/// A schema is made when the first job needs it and keeps the spelling that it got then: connections whose
/// names fold to the same text come one after the other. Thread-safe.
class Schemas {
 public:
  /// Reads what the file holds; before all else.
  Result<void> read(Connection& connection);
  /// Makes the schema if there is none of that name; the connection is in no transaction.
  Result<SchemaUse> use(Connection& connection, const std::string& name);
  /// None of that name is no error. kConflict while it is used or anything stands in it.
  Result<void> drop(Connection& connection, const std::string& name);

 private:
  friend class SchemaUse;
  struct Schema {
    std::string name;
    int users = 0;
  };

  void leave(const std::string& folded);

  Guarded<std::map<std::string, Schema>> schemas_;  ///< by folded name
};

}  // namespace adit
