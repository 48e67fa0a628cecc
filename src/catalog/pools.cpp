// Pools in the SQLite catalog.
#include <algorithm>
#include <limits>

#include "catalog/sqlite_catalog.h"

namespace adit {
namespace {

std::vector<Pool> fetch_pools(Query& query) {
  std::string id, team_id, name, description, creator_id;
  long long created = 0;
  Nullable<long long> disk_bytes_max;
  query.into(id)
      .into(team_id)
      .into(name)
      .into(description)
      .into(creator_id)
      .into(created)
      .into(disk_bytes_max);
  std::vector<Pool> pools;
  while (query.next()) {
    pools.push_back({decode_id<PoolId>(id), decode_id<TeamId>(team_id), name, description,
                     decode_id<Uuid>(creator_id), from_epoch_ms(created), decode_quota(disk_bytes_max)});
  }
  return pools;
}

constexpr std::size_t kJobsNamedMax = 5;

/// Says which jobs are in the way of a pool's end.
Result<void> check_pool_idle(SqliteSession& session, PoolId pool) {
  std::string id, target, status;
  auto query = session.query(
      "SELECT id, target_name, status FROM jobs WHERE pool_id = :pool AND status IN ('QUEUED', 'RUNNING') "
      "ORDER BY execute_order LIMIT :limit");
  query.with(pool.to_string())
      .with(static_cast<std::int64_t>(kJobsNamedMax))
      .into(id)
      .into(target)
      .into(status);
  std::string list;
  while (query.next()) {
    list += list.empty() ? " " : ", ";
    list += id;
    list += " into \"" + target + "\" is " + status;
  }
  if (list.empty()) return {};
  return conflict("The data pool has jobs that have not ended:" + list +
                  ". Wait for them or cancel them, then delete the pool.");
}

struct NewJob {
  std::int64_t number = 0;
  JobId id;
};

std::vector<NewJob> new_jobs(SqliteSession& session, PoolId pool) {
  long long number = 0;
  std::string id;
  auto query = session.query("SELECT number, id FROM jobs WHERE pool_id = :pool AND status = 'NEW'");
  query.with(pool.to_string()).into(number).into(id);
  std::vector<NewJob> jobs;
  while (query.next()) jobs.push_back({number, decode_id<JobId>(id)});
  return jobs;
}

std::vector<std::int64_t> jobs_of_pool(SqliteSession& session, PoolId pool, std::uint64_t jobs_max) {
  auto query = session.query("SELECT number, chunk_count FROM jobs WHERE pool_id = :pool LIMIT :limit");
  return fetch_jobs_to_remove(query.with(pool.to_string()).with(static_cast<std::int64_t>(jobs_max)));
}

}  // namespace

Result<void> SqliteCatalog::insert_pool(const Pool& pool, const std::vector<Grant>& grants) {
  return write(Durability::kFull, "catalog.insert_pool", [&](SqliteSession& session) -> Result<void> {
    const auto inserted = session
                              .query(
                                  "INSERT INTO pools (id, team_id, name, description, creator_id, created) "
                                  "VALUES (:id, :team, :name, :description, :creator, :created) "
                                  "ON CONFLICT (id) DO NOTHING")
                              .with(pool.id.to_string())
                              .with(pool.team.to_string())
                              .with(pool.name)
                              .with(pool.description)
                              .with(pool.creator.to_string())
                              .with(to_epoch_ms(pool.created))
                              .run();
    if (inserted == 0) return conflict("There is already a data pool with this id.");
    for (const auto& grant : grants) insert_grant_row(session, grant);
    if (!grants.empty()) raise_access_version(session);
    return {};
  });
}

Result<std::optional<Pool>> SqliteCatalog::find_pool(TeamId team, PoolId pool) {
  auto found = pools_.find(pool);
  if (!found) {
    const auto changes = pools_.changes();
    ADIT_TRY(found, read([&](SqliteSession& session) -> std::optional<Pool> {
               auto query = session.query(
                   "SELECT id, team_id, name, description, creator_id, created, disk_bytes_max FROM pools "
                   "WHERE id = :id "
                   "AND deleting = 0");
               auto pools = fetch_pools(query.with(pool.to_string()));
               return pools.empty() ? std::nullopt : std::optional(std::move(pools.front()));
             }));
    if (found) pools_.remember(*found, changes);
  }
  if (found && found->team != team) return std::optional<Pool>();
  return found;
}

Result<std::vector<Pool>> SqliteCatalog::list_pools(TeamId team) {
  return read([&](SqliteSession& session) {
    auto query = session.query(
        "SELECT id, team_id, name, description, creator_id, created, disk_bytes_max FROM pools WHERE team_id "
        "= :team "
        "AND deleting = 0 ORDER BY created, number");
    return fetch_pools(query.with(team.to_string()));
  });
}

Result<PoolPage> SqliteCatalog::list_pools(TeamId team, std::uint64_t limit, std::uint64_t offset) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  return read([&](SqliteSession& session) {
    PoolPage page;
    long long total = 0;
    session.query("SELECT count(*) FROM pools WHERE team_id = :team AND deleting = 0")
        .with(team.to_string())
        .into(total)
        .next();
    page.total = static_cast<std::uint64_t>(total);
    auto query = session.query(
        "SELECT id, team_id, name, description, creator_id, created, disk_bytes_max FROM pools WHERE team_id "
        "= :team "
        "AND deleting = 0 ORDER BY created, number LIMIT :limit OFFSET :offset");
    page.pools = fetch_pools(query.with(team.to_string())
                                 .with(static_cast<std::int64_t>(std::min(limit, kMax)))
                                 .with(static_cast<std::int64_t>(std::min(offset, kMax))));
    return page;
  });
}

Result<bool> SqliteCatalog::update_pool(const Pool& pool) {
  auto updated = write(Durability::kFull, "catalog.update_pool", [&](SqliteSession& session) -> Result<bool> {
    return session
               .query(
                   "UPDATE pools SET name = :name, description = :description WHERE id = :id AND team_id = "
                   ":team AND deleting = 0")
               .with(pool.name)
               .with(pool.description)
               .with(pool.id.to_string())
               .with(pool.team.to_string())
               .run() > 0;
  });
  pools_.forget(pool.id);
  return updated;
}

Result<std::vector<JobId>> SqliteCatalog::delete_pool(TeamId team, PoolId pool, Timestamp at) {
  auto jobs_canceled = write(
      Durability::kFull, "catalog.delete_pool", [&](SqliteSession& session) -> Result<std::vector<JobId>> {
        ADIT_CHECK(check_pool_idle(session, pool));
        const auto hidden = session
                                .query(
                                    "UPDATE pools SET deleting = 1 WHERE id = :id AND team_id = :team "
                                    "AND deleting = 0")
                                .with(pool.to_string())
                                .with(team.to_string())
                                .run();
        if (hidden == 0) return not_found("There is no such data pool.");
        const auto jobs = new_jobs(session, pool);
        session
            .query(
                "UPDATE jobs SET status = 'CANCELED', modified = :at, finished = :at2 "
                "WHERE pool_id = :pool AND status = 'NEW'")
            .with(to_epoch_ms(at))
            .with(to_epoch_ms(at))
            .with(pool.to_string())
            .run();
        std::vector<JobId> canceled;
        for (const auto& job : jobs) {
          record_status(session, job.number, at, JobStatus::kCanceled);
          canceled.push_back(job.id);
        }
        return canceled;
      });
  pools_.forget(pool);
  return jobs_canceled;
}

Result<std::vector<PoolId>> SqliteCatalog::list_deleted_pools() {
  return read([](SqliteSession& session) {
    std::string id;
    auto query = session.query("SELECT id FROM pools WHERE deleting = 1 ORDER BY number");
    query.into(id);
    std::vector<PoolId> pools;
    while (query.next()) pools.push_back(decode_id<PoolId>(id));
    return pools;
  });
}

Result<bool> SqliteCatalog::erase_pool(PoolId pool, std::uint64_t jobs_max) {
  return write(Durability::kRelaxed, "catalog.erase_pool", [&](SqliteSession& session) -> Result<bool> {
    const auto id = pool.to_string();
    int is_deleted = 0;
    session.query("SELECT EXISTS (SELECT 1 FROM pools WHERE id = :pool AND deleting = 1)")
        .with(id)
        .into(is_deleted)
        .next();
    // Erased already; the id may be that of a new pool.
    if (is_deleted == 0) return false;
    remove_jobs(session, jobs_of_pool(session, pool, jobs_max));
    if (!jobs_of_pool(session, pool, 1).empty()) return true;
    session.query("DELETE FROM data_sources WHERE pool_id = :pool").with(id).run();
    session.query("DELETE FROM grants WHERE pool_id = :pool").with(id).run();
    session.query("DELETE FROM pools WHERE id = :pool AND deleting = 1").with(id).run();
    return false;
  });
}

}  // namespace adit
