// The limits of teams on executes, and what they have executed.
#include "catalog/sqlite_catalog.h"

namespace adit {

Result<bool> SqliteCatalog::set_execute_limits(TeamId team, const ExecuteLimits& limits) {
  return write(Durability::kFull, "catalog.set_execute_limits", [&](SqliteSession& session) -> Result<bool> {
    return session
               .query(
                   "UPDATE teams SET executes_per_second = :second, executes_per_hour = :hour, "
                   "executes_unlimited = :unlimited WHERE id = :id")
               .with(limits.per_second)
               .with(limits.per_hour)
               .with(limits.unlimited)
               .with(team.to_string())
               .run() > 0;
  });
}

ExecuteAdmission count_execute(SqliteSession& session, PoolId pool, Timestamp at) {
  long long number = 0, per_second = 0, per_hour = 0, latest = 0, second_began = 0, in_second = 0, hour = 0,
            in_hour = 0;
  int unlimited = 0;
  {
    auto query = session.query(
        "SELECT t.number, executes_per_second, executes_per_hour, executes_unlimited, executes_latest, "
        "executes_second_began, executes_in_second, executes_of_hour, executes_in_hour "
        "FROM teams t JOIN pools p ON p.team_id = t.id WHERE p.id = :pool");
    query.with(pool.to_string()).into(number).into(per_second).into(per_hour).into(unlimited);
    query.into(latest).into(second_began).into(in_second).into(hour).into(in_hour);
    if (!query.next()) throw CorruptRow("a pool without a team: " + pool.to_string());
  }
  ExecuteCount count{latest, second_began, in_second, hour, in_hour};
  const auto admission = admit_execute({per_second, per_hour, unlimited != 0}, count, at);
  if (!admission.limited || !admission.admitted) return admission;
  session
      .query(
          "UPDATE teams SET executes_latest = :latest, executes_second_began = :began, executes_in_second = "
          ":in_second, executes_of_hour = :hour, executes_in_hour = :in_hour WHERE number = :number")
      .with(count.latest_ms)
      .with(count.second_began_ms)
      .with(count.in_second)
      .with(count.hour)
      .with(count.in_hour)
      .with(static_cast<std::int64_t>(number))
      .run();
  return admission;
}

}  // namespace adit
