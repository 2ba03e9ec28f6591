package graph

import (
	"context"
	"time"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
)

func audits(r engine.Reader) engine.Visible[entitlement.Record] { return r.Audits() }

// describeAudit describes a record of the history as the audit log shows it.
//
// graph: directoryAudit
func (s *schema) describeAudit() {
	type R = entitlement.Record
	s.audit = entityType[R]{
		name: "directoryAudit",
		props: []property[R]{
			sorted(byText, shown("id", func(e *encoder, r *R) { e.text(engine.AuditID(r)) })),
			sorted(byTime, instant("activityDateTime", func(r *R) time.Time { return r.At })),
			filtered(byText, shown("activityDisplayName", func(e *encoder, r *R) { e.text(string(r.Activity)) })),
			shown("additionalDetails", func(e *encoder, r *R) { writeDetails(e, additionalDetails(r)) }),
			filtered(byText, shown("category", func(e *encoder, r *R) { e.text(r.Activity.Category()) })),
			filtered(byText, shown("correlationId", func(e *encoder, r *R) { e.textOrNull(r.CorrelationID) })),
			shown("initiatedBy", writeInitiator),
			filtered(byText, shown("loggedByService", func(e *encoder, _ *R) { e.text(entitlement.AuditService) })),
			shown("operationType", func(e *encoder, r *R) { e.text(r.Activity.Operation()) }),
			filtered(byWord, readOnly(word("result", entitlement.AuditResults, func(r *R) *entitlement.AuditResult { return &r.Result }))),
			shown("resultReason", func(e *encoder, r *R) { e.text(r.Detail) }),
			shown("targetResources", writeTargets),
		},
		filters: []filterPath{{path: "initiatedBy/user/id", kind: byID}, {path: "initiatedBy/app/appId", kind: byText}},
	}
	s.audit.finish()
}

// additionalDetails are the details of a record: also what was answered to a callout, and
// for whom something was done.
func additionalDetails(r *entitlement.Record) []entitlement.RecordDetail {
	list := r.Details
	add := func(key, value string) {
		if value != "" {
			list = append(list[:len(list):len(list)], entitlement.RecordDetail{Key: key, Value: value})
		}
	}
	add("OnBehalfOf", string(r.OnBehalfOf))
	if r.Answer != nil {
		add("Source", r.Answer.Source)
		add("Detail", r.Answer.Detail)
		add("Outcome", string(r.Answer.Outcome))
	}
	if !r.By.User { // the initiator has a place for that of a person only
		add("IpAddress", r.By.Address)
	}
	return list
}

// graph: keyValue
func writeDetails(e *encoder, list []entitlement.RecordDetail) {
	e.openList()
	for _, d := range list {
		e.open()
		e.key("key").text(d.Key)
		e.key("value").text(d.Value)
		e.close()
	}
	e.closeList()
}

// writeInitiator writes who did it: a person, also one who acts through an application, or
// an application. The server itself is an application without ids.
//
// graph: auditActivityInitiator
func writeInitiator(e *encoder, r *entitlement.Record) {
	e.open()
	if r.By.User {
		e.key("app").null()
		e.key("user").open()
		e.key("id").textOrNull(string(r.By.ObjectID))
		e.key("displayName").textOrNull(r.By.Name)
		e.key("userPrincipalName").textOrNull(r.By.UPN)
		e.key("ipAddress").textOrNull(r.By.Address)
		for _, unknown := range []string{"userType", "homeTenantId", "homeTenantName"} {
			e.key(unknown).null()
		}
	} else {
		e.key("user").null()
		e.key("app").open()
		e.key("appId").textOrNull(r.By.AppID)
		e.key("displayName").textOrNull(r.By.Name)
		e.key("servicePrincipalId").textOrNull(string(r.By.ObjectID))
		e.key("servicePrincipalName").null()
	}
	e.close()
	e.close()
}

// graph: targetResource, modifiedProperty
func writeTargets(e *encoder, r *entitlement.Record) {
	e.openList()
	for i := range r.Targets {
		t := &r.Targets[i]
		e.open()
		e.key("id").textOrNull(string(t.ID))
		e.key("displayName").textOrNull(t.Name)
		e.key("type").text(t.Kind)
		e.key("userPrincipalName").textOrNull(t.UPN)
		e.key("groupType").null()
		e.key("modifiedProperties").openList()
		for _, c := range t.Changes {
			e.open()
			e.key("displayName").text(c.Name)
			e.key("oldValue").textOrNull(c.Old)
			e.key("newValue").textOrNull(c.New)
			e.close()
		}
		e.closeList()
		e.close()
	}
	e.closeList()
}

// getAudit answers with one entry of the audit log. Its id is not a GUID.
//
// graph: directoryaudit-get
func (s *Server) getAudit(ctx context.Context, c *call) (reply, error) {
	if err := c.allow("$select", "$expand"); err != nil {
		return reply{}, err
	}
	r, err := c.reader().Audits().Get(ctx, entitlement.ID(clip(c.param("directoryAudit"), 128)))
	if err != nil {
		return reply{}, err
	}
	return writeOne(ctx, c, &s.schema.audit, r)
}
