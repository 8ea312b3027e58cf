package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Operations say how the pipeline does.
type Operations interface {
	Operations(ctx context.Context) (OperationsBody, error)
	// StartAudit starts an audit, unless one is running; started says which.
	StartAudit(ctx context.Context) (run AuditRunBody, started bool, err error)
}

// OperationsBody is how the pipeline does.
type OperationsBody struct {
	Stages        []StageLag    `json:"stages" doc:"In flow order."`
	Shards        []ShardState  `json:"shards"`
	RedisFresh    bool          `json:"redis_fresh" doc:"True if Redis has all that the ledger had a second ago, in every shard."`
	ClickHouse    bool          `json:"clickhouse" doc:"True if ClickHouse answers."`
	ClickHouseLag int64         `json:"clickhouse_lag" doc:"Entries that Redis has and ClickHouse has not; 0 if it does not answer."`
	Audit         *AuditRunBody `json:"audit,omitempty" doc:"The newest of this process; absent: none yet."`
}

// StageLag is how far a stage is behind.
type StageLag struct {
	Name string `json:"name" doc:"The consumer group."`
	Lag  int64  `json:"lag" doc:"Records that it has not committed."`
}

// ShardState is how far one shard is.
type ShardState struct {
	Shard    int32  `json:"shard"`
	Seq      uint64 `json:"seq" doc:"The last entry that Redis has."`
	Fresh    bool   `json:"fresh" doc:"True if Redis has all that the ledger had a second ago."`
	OwnerLag int64  `json:"owner_lag" doc:"Credits and requests that its owner has not decided."`
}

// AuditRunBody is an audit: of the ledger against Redis and ClickHouse.
type AuditRunBody struct {
	State       string     `json:"state" enum:"running,done,failed"`
	StartedAt   time.Time  `json:"started_at"`
	At          *time.Time `json:"at,omitempty" doc:"When it ended."`
	Entries     int64      `json:"entries" doc:"Entries of the ledger that were read."`
	Members     int        `json:"members"`
	Differences int        `json:"differences"`
	Found       []string   `json:"found" doc:"The first 50 differences."`
}

type (
	operationsOutput struct{ Body OperationsBody }
	auditOutput      struct {
		Status int
		Body   AuditRunBody
	}
)

func (a *API) operationsRoutes() {
	const path = "/v1/operations"
	register(a, huma.Operation{
		OperationID: "operations", Method: http.MethodGet, Path: path, Summary: "Lag of stages and shards, and the newest audit (operator, auditor)",
		Tags: []string{"operations"}, Metadata: access(RoleOperator, RoleAuditor), Responses: a.problems(codeForbidden),
	}, func(ctx context.Context, _ *struct{}) (*operationsOutput, error) {
		o, err := a.console.Operations.Operations(ctx)
		return &operationsOutput{o}, err
	})
	start := huma.Operation{
		OperationID: "start-audit", Method: http.MethodPost, Path: path + "/audit", DefaultStatus: http.StatusAccepted,
		Summary: "Start an audit of the ledger against Redis and ClickHouse; 200: one is running already (operator, auditor)",
		Tags:    []string{"operations"}, Metadata: access(RoleOperator, RoleAuditor), Responses: a.problems(codeForbidden),
	}
	register(a, start, func(ctx context.Context, _ *struct{}) (*auditOutput, error) {
		run, started, err := a.console.Operations.StartAudit(ctx)
		status := http.StatusOK
		if started {
			status = http.StatusAccepted
		}
		return &auditOutput{Status: status, Body: run}, err
	})
	a.orElse(start, http.StatusOK, "One is running already.")
}
