package graph

import (
	"context"
	"slices"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
)

func policies(r engine.Reader) engine.Visible[entitlement.Policy] { return r.Policies }

// graph: accessPackageAssignmentPolicy, customExtensionStageSetting
func (s *schema) describePolicy() {
	s.policy = entityType[entitlement.Policy]{
		name: "accessPackageAssignmentPolicy",
		props: []property[entitlement.Policy]{
			identity[entitlement.Policy](),
			sorted(byText, text("displayName", func(p *entitlement.Policy) *string { return &p.DisplayName })),
			optionalText("description", func(p *entitlement.Policy) **string { return &p.Description }),
			word("allowedTargetScope", entitlement.TargetScopes, func(p *entitlement.Policy) *entitlement.TargetScope { return &p.AllowedTargetScope }),
			{name: "specificAllowedTargets", write: func(e *encoder, p *entitlement.Policy) { writeSubjectSets(e, p.SpecificAllowedTargets) }, read: readTargets},
			{name: "expiration", write: func(e *encoder, p *entitlement.Policy) { writeExpiration(e, p.Expiration) }, read: readPolicyExpiration},
			{name: "requestorSettings", write: writeRequestorSettings, read: readRequestorSettings},
			{name: "requestApprovalSettings", write: writeApprovalSettings, read: readApprovalSettings},
			{name: "automaticRequestSettings", write: writeAutomatic, read: readAutomatic},
			{name: "reviewSettings", write: func(e *encoder, _ *entitlement.Policy) { e.null() }, read: readReviewSettings},
			{name: "notificationSettings", write: writeNotificationSettings, read: readNotificationSettings},
			created[entitlement.Policy](),
			modified[entitlement.Policy]("modifiedDateTime"),
		},
		filters: []filterPath{{path: "accessPackage/id", kind: byID}, {path: "catalog/id", kind: byID}},
		navs: []navigation[entitlement.Policy]{
			one("accessPackage", &s.pkg, packages, func(p *entitlement.Policy) entitlement.ID { return p.PackageID }),
			one("catalog", &s.catalog, catalogs, func(p *entitlement.Policy) entitlement.ID { return p.CatalogID }),
			inside("customExtensionStageSettings", true, &s.stageSetting, func(p *entitlement.Policy) []*entitlement.StageSetting {
				list := make([]*entitlement.StageSetting, len(p.StageSettings))
				for i := range p.StageSettings {
					list[i] = &p.StageSettings[i]
				}
				return list
			}),
			s.questionsOf(),
		},
	}
	s.policy.finish()
	s.stageSetting = entityType[entitlement.StageSetting]{
		name: "customExtensionStageSetting",
		props: []property[entitlement.StageSetting]{
			shown("id", func(e *encoder, o *entitlement.StageSetting) { e.text(string(o.ID)) }),
			shown("stage", func(e *encoder, o *entitlement.StageSetting) { e.text(string(o.Stage)) }),
		},
		navs: []navigation[entitlement.StageSetting]{
			one("customExtension", &s.extension, extensions, func(o *entitlement.StageSetting) entitlement.ID { return o.ExtensionID }),
		},
	}
	s.stageSetting.finish()
	s.describeQuestion()
}

// readPolicy reads a whole policy. What the body leaves out is emptied, but for what
// $expand has to ask for: the package, the stage settings and the questions stay as they
// are in was, so that a policy that was read can be written back.
func (s *Server) readPolicy(c *call, body node, was *entitlement.Policy) (*entitlement.Policy, error) {
	p := &entitlement.Policy{
		PackageID: was.PackageID, CatalogID: was.CatalogID,
		StageSettings: slices.Clone(was.StageSettings), Questions: slices.Clone(was.Questions),
	}
	err := s.schema.policy.read(body, p, func(name string, n node) (bool, error) {
		switch name {
		case "accessPackage":
			if n.kind == isNull {
				return true, nil
			}
			id, err := s.schema.pkg.reference(n)
			if id != "" {
				p.PackageID = id
			}
			return true, err
		case "catalog": // that of the package
			if n.kind == isNull {
				return true, nil
			}
			_, err := s.schema.catalog.reference(n)
			return true, err
		case "customExtensionStageSettings":
			return true, s.readStageSettings(n, p, was)
		case "questions":
			return true, s.schema.readQuestions(n, p, was, c.languages())
		}
		return false, nil
	})
	return p, err
}

// readStageSettings reads all stage settings of a policy. Those that were there keep
// their ids.
func (s *Server) readStageSettings(n node, p, was *entitlement.Policy) error {
	if n.kind == isNull { // as if it were left out: a null takes no check away
		return nil
	}
	p.StageSettings = nil
	left := slices.Clone(was.StageSettings)
	keep := func(fits func(entitlement.StageSetting) bool) entitlement.ID {
		i := slices.IndexFunc(left, fits)
		if i < 0 {
			return ""
		}
		id := left[i].ID
		left = slices.Delete(left, i, i+1)
		return id
	}
	return n.each(func(n node) error {
		setting, err := s.readStageSetting(n)
		if err != nil {
			return err
		}
		id := keep(func(o entitlement.StageSetting) bool { return o.ID == setting.ID })
		if id == "" {
			id = keep(func(o entitlement.StageSetting) bool {
				return o.Stage == setting.Stage && o.ExtensionID == setting.ExtensionID
			})
		}
		setting.ID = id // empty for a new one: ids are the server's
		p.StageSettings = append(p.StageSettings, setting)
		return nil
	})
}

func (s *Server) readStageSetting(n node) (entitlement.StageSetting, error) {
	var o entitlement.StageSetting
	err := n.fields(s.schema.stageSetting.name, func(name string, n node) (_ bool, err error) {
		switch name {
		case "id":
			if n.kind == isString {
				o.ID, _ = entitlement.ParseID(n.text)
			}
		case "stage":
			o.Stage, err = readBoundStage(n)
		case "customExtension":
			if n.kind != isNull {
				o.ExtensionID, err = s.schema.extension.reference(n)
			}
		default:
			return false, nil
		}
		return true, err
	})
	switch {
	case err != nil:
	case o.Stage == "":
		err = entitlement.Invalid(n.at+"/stage", "%s/stage is required; it can be %s.", n.at, entitlement.EnumWords(entitlement.Stages))
	case o.ExtensionID == "":
		err = entitlement.Invalid(n.at+"/customExtension", "%s/customExtension is required: {\"id\":\"…\"}.", n.at)
	}
	return o, err
}

// readBoundStage reads the stage that an extension is bound to: any that there is.
//
// graph: accessPackageCustomExtensionStage
func readBoundStage(n node) (entitlement.Stage, error) {
	s, err := n.string()
	if err != nil {
		return "", err
	}
	stage, ok := entitlement.ParseStage(s)
	if !ok {
		err = entitlement.Invalid(n.at, "Stage '%s' is not known; it can be %s.", clip(s, 64), entitlement.EnumWords(entitlement.Stages))
	}
	return stage, err
}

// graph: entitlementmanagement-post-assignmentpolicies
func (s *Server) createPolicy(ctx context.Context, c *call) (reply, error) {
	body, err := c.object()
	if err != nil {
		return reply{}, err
	}
	made, err := s.readPolicy(c, body, new(entitlement.Policy))
	if err != nil {
		return reply{}, err
	}
	if err := s.engine.CreatePolicy(ctx, c.actor, made); err != nil {
		return reply{}, err
	}
	return created201(ctx, c, &s.schema.policy, made, string(made.ID))
}

// graph: accesspackageassignmentpolicy-update
func (s *Server) replacePolicy(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("assignmentPolicy")
	if err != nil {
		return reply{}, err
	}
	body, err := c.object()
	if err != nil {
		return reply{}, err
	}
	p, err := s.engine.ReplacePolicy(ctx, c.actor, id, func(was *entitlement.Policy) error {
		next, err := s.readPolicy(c, body, was)
		if err != nil {
			return err
		}
		next.Object = was.Object
		*was = *next
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return writeOne(ctx, c, &s.schema.policy, p)
}

// graph: accesspackageassignmentpolicy-delete
func (s *Server) deletePolicy(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("assignmentPolicy")
	if err != nil {
		return reply{}, err
	}
	return noContent, s.engine.DeletePolicy(ctx, c.actor, id)
}
