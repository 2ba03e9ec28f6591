package sqlstore

import (
	"database/sql/driver"
	"strings"
	"testing"

	"anteroom/internal/query"
	"anteroom/internal/store"
)

// TestPlans holds how the queries that must be fast among a million rows are run.
func TestPlans(t *testing.T) {
	s := openSample(t, Options{})
	open := query.Equal("open", true)
	eq := func(path string) query.Expr { return query.Equal(path, "x") }
	list := func(table string, paths map[string]path, q query.Query) string {
		text, _, err := compileList(&sqliteDialect, "SELECT * FROM "+table, paths, 1, q)
		must(t, err)
		return text
	}
	counted := func(table string, paths map[string]path, f query.Expr) string {
		text, _, err := compileList(&sqliteDialect, "SELECT count(*) FROM "+table, paths, 1, query.Query{Filter: f, Limit: -1})
		must(t, err)
		return text
	}
	filtered := func(f query.Expr) string { return list("request", requests.paths, query.Query{Filter: f, Limit: 100}) }
	assigned := func(f query.Expr) string {
		return list("assignment", assignments.paths, query.Query{Filter: f, Limit: 100})
	}
	byName := query.Query{Order: []query.Order{{Path: "displayName"}}, After: &query.Cursor{Keys: []query.Value{"a"}, ID: "x"}, Limit: 100}
	newest := []query.Order{{Path: "activityDateTime", Descending: true}, {Path: "id", Descending: true}}
	recordID := store.RecordID(5)
	audited := func(q query.Query) string {
		text, _, err := compileAudits(&sqliteDialect, 1, q)
		must(t, err)
		return text
	}
	countAudits, _, err := compileAuditCount(&sqliteDialect, 1, nil)
	must(t, err)
	for _, test := range []struct{ name, text, index string }{
		{"request", requests.selectSQL, "sqlite_autoindex_request_1 (tenant=? AND id=?)"},
		{"requests after one", list("request", requests.paths, query.Query{After: &query.Cursor{ID: "x"}, Limit: 100}), "sqlite_autoindex_request_1 (tenant=? AND id>?)"},
		{"newest requests", list("request", requests.paths, query.Query{Order: []query.Order{{Path: "createdDateTime", Descending: true}}, Limit: 100}), "request_created (tenant=?) and sort"}, // of equals
		{"newest requests after one", list("request", requests.paths, query.Query{
			Order: []query.Order{{Path: "createdDateTime", Descending: true}}, After: &query.Cursor{Keys: []query.Value{sampleTime}, ID: "x"}, Limit: 100}), "request_created (tenant=? AND created<?) and sort"},
		{"oldest requests", list("request", requests.paths, query.Query{Order: []query.Order{{Path: "createdDateTime"}}, Limit: 100}), "request_created (tenant=?)"},
		{"requests in a state", filtered(eq("state")), "request_state (tenant=? AND state=?)"},
		{"requests in a state after one", list("request", requests.paths, query.Query{Filter: eq("state"), After: &query.Cursor{ID: "x"}, Limit: 100}), "request_state (tenant=? AND state=? AND id>?)"},
		{"how many requests are in a state", counted("request", requests.paths, eq("state")), "COVERING INDEX request_state (tenant=? AND state=?)"},
		{"how many assignments are in a state", counted("assignment", assignments.paths, eq("state")), "COVERING INDEX assignment_state (tenant=? AND state=?)"},
		{"assignments in a state", assigned(eq("state")), "assignment_state (tenant=? AND state=?)"},
		{"assignments of a target in a state", assigned(query.Both(eq("target/objectId"), eq("state"))), "assignment_target (tenant=? AND target=?)"},
		{"assignments of a package in some states", assigned(query.Both(eq("accessPackage/id"), &query.In{Path: "state", Values: []query.Value{"x", "y"}})), "assignment_package (tenant=? AND package=?)"},
		{"requests of a target in a state", filtered(query.Both(eq("target/objectId"), eq("state"))), "request_target (tenant=? AND target=?)"},
		{"automatic policies", list("policy", policies.paths, query.Query{Filter: query.Equal("isAutomatic", true), Limit: 1}), "policy_automatic_each (tenant=?)"},
		{"automatic policies after one", list("policy", policies.paths, query.Query{Filter: query.Equal("isAutomatic", true), After: &query.Cursor{ID: "x"}, Limit: 1}), "policy_automatic_each (tenant=? AND id>?)"},
		{"requests of a target", filtered(eq("target/objectId")), "request_target (tenant=? AND target=?)"},
		{"requests of a requestor", filtered(eq("requestor/objectId")), "request_requestor (tenant=? AND requestor=?)"},
		{"requests of a package", filtered(eq("accessPackage/id")), "request_package (tenant=? AND package=?)"},
		{"requests of an assignment", filtered(eq("assignment/id")), "request_assignment (tenant=? AND assignment=?) and sort"},
		{"open requests of a policy", filtered(query.Both(eq("assignmentPolicy/id"), open)), "request_open_policy (tenant=? AND policy=?) and sort"},
		{"open request for the same", filtered(eq("openKey")), "request_open_key (tenant=? AND open_key=?)"},
		{"requests of an approver", filtered(eq("approver/objectId")), "approver_person (tenant=? AND person=?)"},
		{"live assignment of a policy and target", assigned(query.Both(query.Both(eq("assignmentPolicy/id"), eq("target/objectId")), query.Equal("live", true))), "assignment_live (tenant=? AND policy=? AND target=?)"},
		{"the same, or one by its id", list("assignment", assignments.paths, query.Query{Limit: 2, Filter: &query.Or{Parts: []query.Expr{
			&query.And{Parts: []query.Expr{eq("assignmentPolicy/id"), eq("target/objectId"), query.Equal("live", true)}}, eq("id")}}}),
			"assignment_live (tenant=? AND policy=? AND target=?); INDEX 2; SEARCH assignment USING INDEX sqlite_autoindex_assignment_1 (tenant=? AND id=?) and sort"},
		{"live assignments of a target", assigned(query.Both(eq("target/objectId"), query.Equal("live", true))), "assignment_target (tenant=? AND target=?)"},
		{"what excludes a package", list("incompatibility", incompatibilities.paths, query.Query{Filter: eq("accessPackage/id")}), "incompatibility_package (tenant=? AND package=?)"},
		{"assignments of a target", assigned(eq("target/objectId")), "assignment_target (tenant=? AND target=?)"},
		{"assignments of a package", assigned(eq("accessPackage/id")), "assignment_package (tenant=? AND package=?)"},
		{"assignments of a policy", assigned(eq("assignmentPolicy/id")), "assignment_policy (tenant=? AND policy=?)"},
		{"users by name", list("directory_user", users.paths, byName), "directory_user_name (tenant=? AND display_name_key>?)"},
		{"users whose name starts", list("directory_user", users.paths, query.Query{
			Filter: &query.Match{Path: "displayName", Kind: query.StartsWith, Text: "a"}}), "directory_user_name (tenant=? AND display_name_key>? AND display_name_key<?) and sort"},
		{"user by principal name", list("directory_user", users.paths, query.Query{Filter: eq("userPrincipalName")}), "directory_user_principal (tenant=? AND principal_name_key=?)"},
		{"groups of a member", list("membership", memberships.paths, query.Query{Filter: eq("member/id")}), "membership_member (tenant=? AND member=?)"},
		{"members of a group", list("membership", memberships.paths, query.Query{Filter: eq("group/id")}), "membership_group (tenant=? AND group_id=?) and sort"},
		{"jobs that are due", jobSelect + "due <= $1" + jobOrder + " LIMIT $2", "job_due (due<?)"},
		{"jobs of a tenant that are due", jobSelect + "due <= $1 AND +tenant = $2" + jobOrder + " LIMIT $3", "job_due (due<?)"},
		{"jobs of a lane that are due", jobSelect + "due <= $1 AND lane = $2 AND lane <> ''" + jobOrder + " LIMIT $3", "job_lane (lane=? AND due<?)"},
		{"jobs of a kind that are due", jobSelect + "due <= $1 AND kind = $2" + jobOrder + " LIMIT $3", "job_due (due<?) and sort"}, // of equals
		{"next job", "SELECT due FROM job WHERE due > $1 ORDER BY due LIMIT 1", "job_due (due>?)"},
		{"survey of jobs", surveyDue, "COVERING INDEX job_due (due<?) and sort"}, // into kinds
		{"survey of waits", surveyWaits, "COVERING INDEX request_waits (waits_at=?)"},
		{"history of one thing", historySelect + " AND ref = $2 ORDER BY seq", "history_ref (tenant=? AND ref=?)"},
		{"audits", audited(query.Query{Order: newest, Limit: 100}), "history_activity (tenant=?)"},
		{"audits, oldest first", audited(query.Query{Order: []query.Order{{Path: "activityDateTime"}}, Limit: 100}), "history_activity (tenant=?)"},
		{"audits after one", audited(query.Query{Order: newest, After: &query.Cursor{Keys: []query.Value{sampleTime, recordID}, ID: recordID}, Limit: 100}), "history_activity (tenant=? AND at<?)"},
		{"audits of a time", audited(query.Query{Order: newest, Filter: &query.And{Parts: []query.Expr{
			&query.Compare{Path: "activityDateTime", Op: query.Ge, Value: sampleTime}, &query.Compare{Path: "activityDateTime", Op: query.Lt, Value: sampleTime}}}}), "history_activity (tenant=? AND at>? AND at<?)"},
		{"audits of somebody", audited(query.Query{Order: newest, Filter: eq("initiatedBy/user/id"), Limit: 100}), "history_activity (tenant=?)"},
		{"audit", audited(query.Query{Filter: query.Equal("id", recordID), Limit: 1}), "PRIMARY KEY (tenant=? AND seq=?)"},
		{"how many audits", countAudits, "history_activity (tenant=?)"},
		{"history", historySelect + " AND seq > $2 ORDER BY seq LIMIT $3", "PRIMARY KEY (tenant=? AND seq>?)"},
	} {
		var plan []string
		must(t, s.readers.use(t.Context(), func(c *conn) error {
			return c.query(t.Context(), "EXPLAIN QUERY PLAN "+test.text, placeholders(test.text), func(v []driver.Value) error {
				plan = append(plan, v[3].(string))
				return nil
			})
		}))
		index, sorts := strings.CutSuffix(test.index, " and sort")
		got := strings.Join(plan, "; ")
		if !strings.Contains(got, index) || strings.Contains(got, "TEMP B-TREE") != sorts {
			t.Errorf("%s: the plan is %q, want %q", test.name, got, test.index)
		}
	}
}

// placeholders are arguments for a text.
func placeholders(text string) []driver.Value {
	v := make([]driver.Value, 0, 8)
	for strings.Contains(text, "$"+string(rune('1'+len(v)))) {
		v = append(v, int64(2+len(v)))
	}
	return v
}
