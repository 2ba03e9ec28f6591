package graph

import (
	"context"
	"net/http"

	"anteroom/internal/entitlement"
)

// Ids of the two entities of which a tenant has one.
const (
	settingsID        = "singleton"
	endUserSettingsID = "endUserSettings"
)

// insightLevels are the members of accessPackageSuggestionRelatedPeopleInsightLevel, the one
// that this server keeps to first: it makes no suggestions.
var insightLevels = []string{"disabled", "count", "countAndNames"}

// graph: entitlementManagementSettings, endUserSettings
func (s *schema) describeSettings() {
	type settings = entitlement.Settings
	s.settings = entityType[settings]{
		name: "entitlementManagementSettings",
		props: []property[settings]{
			shown("id", func(e *encoder, _ *settings) { e.text(settingsID) }),
			{name: "durationUntilExternalUserDeletedAfterBlocked", write: writeDeletedAfter, read: readDeletedAfter},
			{name: "externalUserLifecycleAction", write: writeLifecycle, read: readLifecycle},
		},
	}
	s.settings.finish()
	s.endUserSettings = entityType[settings]{
		name:    "endUserSettings",
		derived: func(*settings) string { return "endUserSettings" },
		props: []property[settings]{
			shown("id", func(e *encoder, _ *settings) { e.text(endUserSettingsID) }),
			{name: "relatedPeopleInsightLevel", write: func(e *encoder, _ *settings) { e.text(insightLevels[0]) }, read: readInsightLevel},
			boolean("showApproverDetailsToMembers", func(o *settings) *bool { return &o.ShowApprovers }),
		},
	}
	s.endUserSettings.finish()
}

// writeDeletedAfter writes null where nothing was set, and no time at all where guests are
// to be deleted at once.
func writeDeletedAfter(e *encoder, o *entitlement.Settings) {
	if o.DeletedAfterBlocked == 0 && o.ExternalUserLifecycle != entitlement.LifecycleBlockAndDelete {
		e.null()
		return
	}
	e.duration(o.DeletedAfterBlocked)
}

func readDeletedAfter(n node, o *entitlement.Settings) (err error) {
	o.DeletedAfterBlocked = 0
	if n.kind != isNull {
		o.DeletedAfterBlocked, err = n.duration()
	}
	return err
}

func writeLifecycle(e *encoder, o *entitlement.Settings) {
	if o.ExternalUserLifecycle == "" {
		e.text(string(entitlement.LifecycleNone))
		return
	}
	e.text(string(o.ExternalUserLifecycle))
}

func readLifecycle(n node, o *entitlement.Settings) (err error) {
	o.ExternalUserLifecycle = entitlement.LifecycleNone
	if n.kind != isNull {
		o.ExternalUserLifecycle, err = enum(n, entitlement.LifecycleActions)
	}
	return err
}

func readInsightLevel(n node, _ *entitlement.Settings) error {
	level, err := enum(n, insightLevels)
	if err == nil && level != insightLevels[0] {
		err = entitlement.Unsupported(n.at, "relatedPeopleInsightLevel '%s' is not supported: this server makes no suggestions. Send '%s'.", level, insightLevels[0])
	}
	return err
}

// getSettings makes the handler that answers with one of the two entities.
//
// graph: entitlementmanagementsettings-get, endusersettings-get
func (s *Server) getSettings(t *entityType[entitlement.Settings]) handler {
	return func(ctx context.Context, c *call) (reply, error) {
		if err := c.allow(); err != nil {
			return reply{}, err
		}
		set, err := s.engine.Settings(ctx, c.actor)
		if err != nil {
			return reply{}, err
		}
		return writeEntity(ctx, c, &t.whole, set, http.StatusOK)
	}
}

// graph: entitlementmanagementsettings-update
func (s *Server) updateSettings(ctx context.Context, c *call) (reply, error) {
	body, err := c.object()
	if err != nil {
		return reply{}, err
	}
	t := &s.schema.settings
	set, err := s.engine.UpdateSettings(ctx, c.actor, func(o *entitlement.Settings) error { return t.read(body, o, nil) })
	return changed(ctx, c, t, set, err)
}

// replaceEndUserSettings wants both properties, as the service does.
//
// graph: endusersettings-update
func (s *Server) replaceEndUserSettings(ctx context.Context, c *call) (reply, error) {
	body, err := c.object()
	if err != nil {
		return reply{}, err
	}
	t := &s.schema.endUserSettings
	if err := checkEndUserSettings(body); err != nil {
		return reply{}, err
	}
	set, err := s.engine.UpdateSettings(ctx, c.actor, func(o *entitlement.Settings) error { return t.read(body, o, ofControlConfiguration) })
	if err != nil {
		return reply{}, err
	}
	return writeEntity(ctx, c, &t.whole, set, http.StatusOK)
}

func checkEndUserSettings(body node) error {
	typ, err := body.typeName()
	if err != nil {
		return err
	}
	if _, ok := entitlement.ParseEnum([]string{endUserSettingsID}, typ); !ok && typ != "" {
		return entitlement.Invalid("@odata.type", "The body is of type '%s'; it must be microsoft.graph.%s.", clip(typ, maxMember), endUserSettingsID)
	}
	for _, name := range []string{"relatedPeopleInsightLevel", "showApproverDetailsToMembers"} {
		if n, ok := body.get(name); !ok || n.kind == isNull {
			return entitlement.Invalid(name, "%s is required: PUT replaces both relatedPeopleInsightLevel and showApproverDetailsToMembers.", name)
		}
	}
	return nil
}

// ofControlConfiguration knows the read-only properties that clients may send back. They
// are not served, and the configuration cannot be switched off.
//
// graph: controlConfiguration
func ofControlConfiguration(name string, n node) (bool, error) {
	switch name {
	case "isEnabled":
		yes, err := n.boolean()
		if err == nil && !yes {
			err = entitlement.Unsupported(n.at, "The end user settings cannot be switched off by this server. Leave isEnabled out, or send true.")
		}
		return true, err
	case "createdBy", "createdDateTime", "modifiedBy", "modifiedDateTime":
		return true, nil
	}
	return false, nil
}
