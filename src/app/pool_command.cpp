// `adit pool`.
#include <boost/json.hpp>
#include <iostream>

#include "app/command_support.h"
#include "app/commands.h"
#include "client/text_table.h"

namespace adit {
namespace {

namespace json = boost::json;

json::object json_of(const client::PoolView& pool) {
  return json::object{{"id", pool.id},
                      {"name", pool.name},
                      {"description", pool.description},
                      {"createdAt", pool.created_ms}};
}

}  // namespace

ExitCode run_command(const PoolListOptions& options) {
  auto api = open_api(options.connection);
  if (!api) return report(api.error(), options.connection);
  const auto pools = api->pools();
  if (!pools) return report(pools.error(), options.connection);
  if (options.json) {
    json::array list;
    for (const auto& pool : *pools) list.push_back(json_of(pool));
    std::cout << list << '\n';
    return ExitCode::kOk;
  }
  client::TextTable table{{{"NAME"}, {"ID"}, {"CREATED"}, {"DESCRIPTION"}}, {}};
  for (const auto& pool : *pools) {
    table.rows.push_back({pool.name, pool.id, time_text(pool.created_ms), pool.description});
  }
  std::cout << client::render_table(table);
  return ExitCode::kOk;
}

ExitCode run_command(const PoolShowOptions& options) {
  auto access = open_pool(options.connection, options.pool);
  if (!access) return report(access.error(), options.connection);
  const auto pool = access->api.pool(access->pool);
  if (!pool) return report(pool.error(), options.connection);
  const auto tables = access->api.tables(access->pool);
  if (!tables) return report(tables.error(), options.connection);
  if (options.json) {
    auto object = json_of(*pool);
    json::array names;
    for (const auto& table : *tables) names.emplace_back(table.name);
    object["tables"] = std::move(names);
    std::cout << object << '\n';
    return ExitCode::kOk;
  }
  std::cout << "name         " << pool->name << "\nid           " << pool->id << "\ncreated      "
            << time_text(pool->created_ms) << "\ndescription  " << pool->description << "\ntables       "
            << tables->size() << '\n';
  for (const auto& table : *tables) {
    std::cout << "  " << table.name;
    if (!table.connection.empty()) std::cout << "  (data connection " << table.connection << ")";
    std::cout << '\n';
  }
  return ExitCode::kOk;
}

ExitCode run_command(const PoolCreateOptions& options) {
  auto api = open_api(options.connection);
  if (!api) return report(api.error(), options.connection);
  const auto pool = api->create_pool(options.name, options.description, options.id);
  if (!pool) return report(pool.error(), options.connection);
  if (options.json) {
    std::cout << json_of(*pool) << '\n';
  } else {
    std::cout << pool->id << '\n';
  }
  return ExitCode::kOk;
}

ExitCode run_command(const PoolRenameOptions& options) {
  auto access = open_pool(options.connection, options.pool);
  if (!access) return report(access.error(), options.connection);
  const auto pool = access->api.rename_pool(access->pool, options.name, options.description);
  return pool ? ExitCode::kOk : report(pool.error(), options.connection);
}

ExitCode run_command(const PoolDeleteOptions& options) {
  auto access = open_pool(options.connection, options.pool);
  if (!access) return report(access.error(), options.connection);
  const auto agreed =
      confirm(options.yes, "Delete the pool " + options.pool + " with all its tables and jobs?");
  if (!agreed) return report(agreed.error(), options.connection);
  const auto deleted = access->api.delete_pool(access->pool);
  return deleted ? ExitCode::kOk : report(deleted.error(), options.connection);
}

}  // namespace adit
