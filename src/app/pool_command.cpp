// `adit pool`.
#include <boost/json.hpp>
#include <iostream>

#include "app/command_support.h"
#include "app/commands.h"
#include "client/human.h"
#include "client/text_table.h"

namespace adit {
namespace {

namespace json = boost::json;

json::object json_of(const client::DiskView& disk) {
  const auto or_null = [](const std::optional<std::uint64_t>& bytes) {
    return bytes ? json::value(*bytes) : json::value();
  };
  return json::object{{"quota", disk.quota},
                      {"maxBytes", or_null(disk.bytes_max)},
                      {"usedBytes", disk.bytes},
                      {"chunkBytes", disk.chunk_bytes},
                      {"tableBytes", or_null(disk.table_bytes)}};
}

json::object json_of(const client::PoolView& pool) {
  return json::object{{"id", pool.id},
                      {"name", pool.name},
                      {"description", pool.description},
                      {"createdAt", pool.created_ms},
                      {"disk", json_of(pool.disk)}};
}

std::string size_of(std::uint64_t bytes) { return client::human_bytes(static_cast<double>(bytes)); }

/// `1.20 GB of 50.0 GB`.
std::string use_text(const client::DiskView& disk) {
  return size_of(disk.bytes) + (disk.bytes_max ? " of " + size_of(*disk.bytes_max) : "");
}

std::string quota_text(const client::DiskView& disk) {
  if (!disk.bytes_max) return disk.quota == "NONE" ? "none" : "none (the server's setting)";
  return size_of(*disk.bytes_max) + (disk.quota == "DEFAULT" ? " (the server's setting)" : "");
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
  client::TextTable table{{{"NAME"}, {"ID"}, {"CREATED"}, {"DISK"}, {"DESCRIPTION"}}, {}};
  for (const auto& pool : *pools) {
    table.rows.push_back(
        {pool.name, pool.id, time_text(pool.created_ms), use_text(pool.disk), pool.description});
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
            << time_text(pool->created_ms) << "\ndescription  " << pool->description << "\ndisk         "
            << use_text(pool->disk) << "\ntables       " << tables->size() << '\n';
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

ExitCode run_command(const PoolQuotaOptions& options) {
  auto access = open_pool(options.connection, options.pool);
  if (!access) return report(access.error(), options.connection);
  const auto disk =
      options.quota ? access->api.set_quota(access->pool, *options.quota) : access->api.disk(access->pool);
  if (!disk) return report(disk.error(), options.connection);
  if (options.json) {
    std::cout << json_of(*disk) << '\n';
    return ExitCode::kOk;
  }
  std::cout << "quota   " << quota_text(*disk) << "\nused    " << size_of(disk->bytes) << "\nchunks  "
            << size_of(disk->chunk_bytes) << "\ntables  " << size_of(disk->table_bytes.value_or(0)) << '\n';
  return ExitCode::kOk;
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
