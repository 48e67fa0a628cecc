// What every catalog promises of jobs into the tables of data connections.
#include "catalog/catalog_contract.h"

namespace adit {
namespace {

class CatalogConnections : public CatalogContract {
 protected:
  void SetUp() override {
    CatalogContract::SetUp();
    if (HasFatalFailure()) return;
    ASSERT_TRUE(catalog().insert_data_source(erp_).ok());
    ASSERT_TRUE(catalog().insert_data_source(crm_).ok());
  }

  Job job_into(const DataSource& source, const std::string& table) const {
    Job job;
    job.id = JobId::random();
    job.pool = pool_.id;
    job.spec.target_name = table;
    job.spec.connection = source.id;
    job.spec.schema = source.name;
    job.created = job.modified = at(1);
    return job;
  }
  Job queued_into(const DataSource& source, const std::string& table, std::vector<std::string> mirrors = {}) {
    auto job = job_into(source, table);
    job.spec.mirror_target_names = std::move(mirrors);
    EXPECT_TRUE(catalog().insert_job(job).ok());
    EXPECT_TRUE(catalog().insert_chunks(job.id, {new_chunk()}).ok());
    EXPECT_TRUE(catalog().execute_job(job.id, at(1000)).ok());
    return job;
  }
  std::vector<JobId> claim_all() {
    std::vector<JobId> claimed;
    while (const auto job = claim()) claimed.push_back(job->id);
    return claimed;
  }
  bool is_there(const DataSource& source) {
    return catalog().find_data_source(pool_.id, source.id)->has_value();
  }

  const DataSource erp_{DataSourceId::random(), pool_.id, "ERP", "SAP", at(1)};
  const DataSource crm_{DataSourceId::random(), pool_.id, "crm", "CRM", at(2)};
};

INSTANTIATE_TEST_SUITE_P(All, CatalogConnections,
                         testing::Values(CatalogBackend{"Sqlite",
                                                        [](const fs::path& folder) {
                                                          return open_sqlite_catalog(folder / "catalog.db");
                                                        }}),
                         [](const auto& suite) { return suite.param.name; });

TEST_P(CatalogConnections, AJobKeepsWhereItsTableStands) {
  auto job = job_into(erp_, "T");
  job.spec.target_schema = "as \"sent\"";
  ASSERT_TRUE(catalog().insert_job(job).ok());
  reopen();
  const auto found = find(job);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->spec.connection, erp_.id);
  EXPECT_EQ(found->spec.schema, "ERP");
  EXPECT_EQ(found->spec.target_schema, "as \"sent\"");
  const auto global = find(new_job("T"));
  EXPECT_FALSE(global->spec.connection.has_value());
  EXPECT_EQ(global->spec.schema, "");
}

TEST_P(CatalogConnections, TheSameNameInTwoConnectionsAndGloballyIsThreeLines) {
  const auto global = queued_job("T");
  const auto in_erp = queued_into(erp_, "T");
  const auto in_crm = queued_into(crm_, "t");
  const auto later_global = queued_job("t");
  const auto later_in_erp = queued_into(erp_, "t");
  EXPECT_EQ(claim_all(), (std::vector{global.id, in_erp.id, in_crm.id}));
  move_to(in_erp, JobStatus::kDone);
  EXPECT_EQ(claim_all(), std::vector{later_in_erp.id});
  move_to(global, JobStatus::kDone);
  EXPECT_EQ(claim_all(), std::vector{later_global.id});
}

TEST_P(CatalogConnections, NamesThatRunTogetherAreDifferentLines) {
  const DataSource shorter{DataSourceId::random(), pool_.id, "a", "", at(3)};
  const DataSource longer{DataSourceId::random(), pool_.id, "acb", "", at(3)};
  ASSERT_TRUE(catalog().insert_data_source(shorter).ok());
  ASSERT_TRUE(catalog().insert_data_source(longer).ok());
  const std::vector jobs{queued_into(shorter, "cbct").id, queued_into(longer, "t").id,
                         queued_job("aCcbct").id, queued_job("acbCt").id, queued_job("acbct.").id};
  EXPECT_EQ(claim_all(), jobs);
}

TEST_P(CatalogConnections, MirrorsStandInTheConnectionsLines) {
  const auto wide = queued_into(erp_, "a", {"b"});
  const auto global = queued_job("b");
  const auto behind = queued_into(erp_, "B");
  EXPECT_EQ(claim_all(), (std::vector{wide.id, global.id}));
  move_to(wide, JobStatus::kDone);
  EXPECT_EQ(claim_all(), std::vector{behind.id});
}

TEST_P(CatalogConnections, ATableChangeStandsInTheConnectionsLine) {
  const auto before = queued_into(erp_, "T");
  auto change = job_into(erp_, "t");
  change.spec.change = TableChange{TableChangeKind::kTruncate, ""};
  ASSERT_TRUE(catalog().queue_table_change(change).ok());
  const auto global = queued_job("T");
  EXPECT_EQ(claim_all(), (std::vector{before.id, global.id}));
  move_to(before, JobStatus::kDone);
  EXPECT_EQ(claim_all(), std::vector{change.id});
  EXPECT_EQ(find(change, true)->spec.schema, "ERP");
}

TEST_P(CatalogConnections, AConnectionWhoseJobsHaveNotEndedStays) {
  const auto queued = queued_into(erp_, "T");
  auto fresh = job_into(erp_, "U");
  ASSERT_TRUE(catalog().insert_job(fresh).ok());
  for (const auto& refused : {catalog().check_data_source_idle(pool_.id, erp_.id).error(),
                              catalog().delete_data_source(pool_.id, erp_.id, 0).error()}) {
    EXPECT_EQ(refused.kind, ErrorKind::kConflict);
    EXPECT_NE(refused.public_message.find(queued.id.to_string() + " into \"T\" is QUEUED"),
              std::string::npos);
    EXPECT_NE(refused.public_message.find(fresh.id.to_string() + " into \"U\" is NEW"), std::string::npos);
  }
  EXPECT_TRUE(is_there(erp_));
  ASSERT_TRUE(catalog().request_cancel(fresh.id, at(3)).ok());
  ASSERT_EQ(claim()->id, queued.id);
  EXPECT_FALSE(catalog().check_data_source_idle(pool_.id, erp_.id).ok());
  move_to(queued, JobStatus::kDone);
  const auto idle = catalog().check_data_source_idle(pool_.id, erp_.id);
  ASSERT_TRUE(idle.ok());
  EXPECT_GT(*idle, 0);
  EXPECT_TRUE(*catalog().delete_data_source(pool_.id, erp_.id, *idle));
  EXPECT_FALSE(is_there(erp_));
  EXPECT_TRUE(is_there(crm_));
}

TEST_P(CatalogConnections, AJobThatCameBetweenTheTwoLooksKeepsTheConnection) {
  const auto idle = catalog().check_data_source_idle(pool_.id, erp_.id);
  ASSERT_TRUE(idle.ok());
  queued_into(erp_, "T");
  move_to(*claim(), JobStatus::kDone);
  EXPECT_EQ(catalog().delete_data_source(pool_.id, erp_.id, *idle).error().kind, ErrorKind::kConflict);
  EXPECT_TRUE(is_there(erp_));
}

TEST_P(CatalogConnections, NothingNewGoesIntoADeletedConnection) {
  ASSERT_TRUE(*catalog().delete_data_source(pool_.id, erp_.id, 0));
  EXPECT_EQ(catalog().insert_job(job_into(erp_, "T")).error().kind, ErrorKind::kConflict);
  auto change = job_into(erp_, "T");
  change.spec.change = TableChange{TableChangeKind::kDrop, ""};
  EXPECT_EQ(catalog().queue_table_change(change).error().kind, ErrorKind::kConflict);
}

TEST_P(CatalogConnections, AListShowsTheJobsOfOneConnection) {
  const auto job = queued_into(erp_, "T");
  new_job("T");
  queued_into(crm_, "T");
  JobFilter filter;
  filter.connection = erp_.id;
  EXPECT_EQ(ids(catalog().list_jobs(pool_.id, filter)), std::vector{job.id});
}

}  // namespace
}  // namespace adit
