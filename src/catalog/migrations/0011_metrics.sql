-- Metrics, which every credential opened, take a permission and a scope of their own. Whoever could read them goes on:
-- what watches an installation must not stop with its upgrade. They are the whole server's, so they are for its first
-- team.

INSERT OR IGNORE INTO grants (subject_kind, subject_id, pool_id, permission, team_id)
  SELECT 'APPLICATION', id, '', 'VIEW_METRICS', team_id FROM applications
    WHERE team_id = (SELECT id FROM teams ORDER BY number LIMIT 1)
  UNION ALL
  SELECT 'USER', id, '', 'VIEW_METRICS', team_id FROM users
    WHERE role <> 'ADMIN' AND team_id = (SELECT id FROM teams ORDER BY number LIMIT 1);
UPDATE api_keys SET scopes = json_insert(scopes, '$[#]', 'metrics:read')
  WHERE scopes IS NOT NULL AND pools IS NULL AND team_id = (SELECT id FROM teams ORDER BY number LIMIT 1);
