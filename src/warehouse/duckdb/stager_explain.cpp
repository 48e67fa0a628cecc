// Why the engine refused a chunk: rows that can't be read, values that do not fit, or types to be widened.
#include <algorithm>

#include "base/log.h"
#include "formats/names.h"
#include "warehouse/duckdb/stager.h"
#include "warehouse/duckdb/table_columns.h"

namespace adit {

Result<Stager::Outcome> Stager::explain(const ChunkFile& chunk, const EngineFailure& failure,
                                        const ChunkSource& source, const ChunkSelect& select) {
  if (failure.message.find(kMisfitWord) == std::string::npos)
    return explain_unreadable(chunk, failure, source);
  const auto diagnosis = diagnose(connection_, select);
  if (diagnosis) return explain_misfits(*diagnosis, source, select);
  return explain_unreadable(chunk, diagnosis.error(), source);  // rows behind the misfit
}

Result<Stager::Outcome> Stager::explain_unreadable(const ChunkFile& chunk, const EngineFailure& failure,
                                                   const ChunkSource& source) {
  if (is_own_failure(failure)) return to_error(failure);
  auto [errors, mixed_line_ends] = examine_csv(source);
  if (mixed_line_ends && !source.reading.mixed_line_ends)
    return stage_source(chunk, with_mixed_line_ends(source));
  if (errors.empty() && source.dialect && !source.reading.in_one_piece)
    return stage_source(chunk, in_one_piece(source));
  if (errors.empty()) {
    const bool of_file = failure.message.find(source.path.filename().string()) != std::string::npos;
    if (failure.type == DUCKDB_ERROR_IO && !of_file) return to_error(failure);
    errors.push_back(
        only_message("The file can't be read: " + public_engine_message(failure.message, source.path)));
  }
  log::debug("warehouse.chunk_rejected", {{"job", plan_.job}, {"reason", failure.message}});
  return Outcome(Rejected{std::move(errors)});
}

Result<Stager::Outcome> Stager::explain_misfits(const Diagnosis& diagnosis, const ChunkSource& source,
                                                const ChunkSelect& select) {
  if (!diagnosis.null_keys.empty()) {
    ADIT_TRY(auto errors, describe_null_keys(connection_, source, select, diagnosis.null_keys));
    return Outcome(Rejected{std::move(errors)});
  }
  Widen widen{stage_.columns};
  for (const auto& misfit : diagnosis.misfits) {
    const auto& misfitting = select.columns()[misfit.column];
    const auto& target = misfitting.target;
    const auto column = std::ranges::find(widen.columns, target.name, &StagedColumn::name);
    const bool fixed = target.declared || target.in_target;
    const auto strings = misfitting.string_widening();
    const bool wrong_guess = !fixed && !has_values(target) && !widened_.contains(target.name);
    auto wider = !misfit.found || target.declared ? std::nullopt
                 : wrong_guess                    ? misfit.found
                                                  : widened_after_misfit(target.type, *misfit.found, strings);
    const auto* existing = find_column(target_, target.name);
    // A column that was FLOAT on its way may have lost the table's scale.
    if (existing != nullptr && wider) wider = widened(stored_type(existing->type), *wider, strings);
    if (!wider || *wider == target.type) {
      ADIT_TRY(auto errors, describe_misfits(connection_, source, select, misfit.column, named_type(target)));
      return Outcome(Rejected{std::move(errors)});
    }
    column->type = *wider;
    column->undecided = false;
    widened_.insert(target.name);
  }
  if (diagnosis.misfits.empty()) return internal("a chunk was refused, but everything in it fits");
  return Outcome(std::move(widen));
}

Result<std::vector<DataError>> Stager::explain_beside(const DataError& other, const ChunkSource& source,
                                                      const std::vector<StagedColumn>& planned) {
  const ChunkSelect select(source, planned, keys_);
  const auto diagnosis = diagnose(connection_, select);
  if (!diagnosis && is_own_failure(diagnosis.error())) return to_error(diagnosis.error());
  if (diagnosis && other.column) {
    for (const auto& misfit : diagnosis->misfits) {
      const auto& column = select.columns()[misfit.column];
      if (fold_name(column.source.name) != fold_name(*other.column)) continue;
      return describe_misfits(connection_, source, select, misfit.column, named_type(column.target));
    }
  }
  return std::vector{only_message(
      "A column would have to be wider for this chunk than an earlier one allows: " + other.message)};
}

StoredType Stager::named_type(const StagedColumn& column) const {
  const auto* existing = find_column(target_, column.name);
  return existing == nullptr || column.declared ? column.type : stored_type(existing->type);
}

bool Stager::has_values(const StagedColumn& column) const {
  if (column.undecided) return false;
  return std::ranges::any_of(stage_.marks, [&](const auto& entry) {
    return std::ranges::find(entry.second.columns, column.name) != entry.second.columns.end();
  });
}

}  // namespace adit
