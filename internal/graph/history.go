package graph

import (
	"context"

	"anteroom/internal/entitlement"
)

// describeHistory describes an entry of a request's history. It is ours; the service has
// nothing like it.
func (s *schema) describeHistory() {
	s.record = entityType[entitlement.Record]{
		name: "anteroomHistoryRecord",
		props: []property[entitlement.Record]{
			shown("sequence", func(e *encoder, r *entitlement.Record) { e.integer(r.Seq) }),
			shown("dateTime", func(e *encoder, r *entitlement.Record) { e.instant(r.At) }),
			shown("action", func(e *encoder, r *entitlement.Record) { e.text(r.Action) }),
			shown("activity", func(e *encoder, r *entitlement.Record) { e.textOrNull(string(r.Activity)) }),
			shown("result", func(e *encoder, r *entitlement.Record) { e.textOrNull(string(r.Result)) }),
			shown("from", func(e *encoder, r *entitlement.Record) { e.textOrNull(r.From) }),
			shown("to", func(e *encoder, r *entitlement.Record) { e.textOrNull(r.To) }),
			shown("by", writeRecordActor),
			shown("onBehalfOf", func(e *encoder, r *entitlement.Record) { e.textOrNull(string(r.OnBehalfOf)) }),
			shown("correlationId", func(e *encoder, r *entitlement.Record) { e.textOrNull(r.CorrelationID) }),
			shown("detail", func(e *encoder, r *entitlement.Record) { e.textOrNull(r.Detail) }),
			shown("calloutInstanceId", func(e *encoder, r *entitlement.Record) { e.textOrNull(string(r.Callout)) }),
			shown("answer", writeAnswer),
			shown("details", func(e *encoder, r *entitlement.Record) { writeDetails(e, r.Details) }),
		},
	}
	s.record.finish()
}

func writeRecordActor(e *encoder, r *entitlement.Record) {
	e.open()
	e.key("id").textOrNull(string(r.By.ObjectID))
	e.key("displayName").textOrNull(r.By.Name)
	e.key("appId").textOrNull(r.By.AppID)
	e.close()
}

func writeAnswer(e *encoder, r *entitlement.Record) {
	if r.Answer == nil {
		e.null()
		return
	}
	e.open()
	e.key("outcome").text(string(r.Answer.Outcome))
	e.key("source").textOrNull(r.Answer.Source)
	e.key("type").textOrNull(r.Answer.Type)
	e.key("detail").textOrNull(r.Answer.Detail)
	e.close()
}

// requestHistory lists what happened to a request, oldest first: also to one that was
// deleted since.
func (s *Server) requestHistory(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("assignmentRequest")
	if err != nil {
		return reply{}, err
	}
	if err := c.allow(); err != nil {
		return reply{}, err
	}
	list, err := s.engine.History(ctx, c.actor, id)
	if err == nil && (len(list) == 0 || list[0].Kind != "assignmentRequest") {
		err = entitlement.NotFound("assignmentRequest", id)
	}
	if err != nil {
		return reply{}, err
	}
	return writeList(ctx, c, &s.schema.record, list, pageInfo{})
}
