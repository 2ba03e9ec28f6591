package graph

import (
	"context"
	"time"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
)

func extensions(r engine.Reader) engine.Visible[entitlement.Extension] { return r.Extensions }

// graph: customCalloutExtension and the two types derived from it
func (s *schema) describeExtension() {
	s.extension = entityType[entitlement.Extension]{
		name:    "customCalloutExtension",
		derived: func(x *entitlement.Extension) string { return string(x.Kind) },
		props: []property[entitlement.Extension]{
			identity[entitlement.Extension](),
			sorted(byText, text("displayName", func(x *entitlement.Extension) *string { return &x.DisplayName })),
			optionalText("description", func(x *entitlement.Extension) **string { return &x.Description }),
			created[entitlement.Extension](),
			modified[entitlement.Extension]("lastModifiedDateTime"),
			shown("createdBy", func(e *encoder, x *entitlement.Extension) { e.textOrNull(x.CreatedBy) }),
			shown("lastModifiedBy", func(e *encoder, x *entitlement.Extension) { e.textOrNull(x.ModifiedBy) }),
			{name: "endpointConfiguration", write: writeEndpoint, read: readEndpoint},
			{name: "authenticationConfiguration", write: writeAuthentication, read: readAuthentication},
			{name: "clientConfiguration", write: writeClient, read: readClient},
			{name: "callbackConfiguration", write: writeCallback, read: readCallbackConfiguration},
		},
	}
	s.extension.finish()
}

var extensionKinds = []entitlement.ExtensionKind{entitlement.RequestExtension, entitlement.AssignmentExtension}

// extensionKind reads the derived type of an extension; empty where there is none.
func extensionKind(n node) (entitlement.ExtensionKind, error) {
	typ, err := n.typeName()
	if err != nil || typ == "" {
		return "", err
	}
	kind, ok := entitlement.ParseEnum(extensionKinds, typ)
	if !ok {
		return "", entitlement.Invalid("@odata.type", "'%s' is not a type of custom extension; it can be %s.", clip(typ, 128), entitlement.EnumWords(extensionKinds))
	}
	return kind, nil
}

// extensionBody reads a body of an extension. The documented examples wrap it in
// "value"; the wrapper is taken off.
func (c *call) extensionBody() (node, error) {
	body, err := c.object()
	if err != nil {
		return node{}, err
	}
	if len(body.members) == 1 {
		if inner, ok := body.get("value"); ok && inner.kind == isObject {
			return node{value: inner.value}, nil
		}
	}
	return body, nil
}

// graph: accesspackagecatalog-post-accesspackagecustomworkflowextensions
func (s *Server) createExtension(ctx context.Context, c *call) (reply, error) {
	catalog, err := c.id("catalog")
	if err != nil {
		return reply{}, err
	}
	body, err := c.extensionBody()
	if err != nil {
		return reply{}, err
	}
	made := &entitlement.Extension{CatalogID: catalog}
	if made.Kind, err = extensionKind(body); err != nil {
		return reply{}, err
	}
	if made.Kind == "" {
		return reply{}, entitlement.Invalid("@odata.type", "@odata.type is required: #microsoft.graph.%s or #microsoft.graph.%s.", entitlement.RequestExtension, entitlement.AssignmentExtension)
	}
	if e, ok := body.get("endpointConfiguration"); !ok || e.kind == isNull {
		return reply{}, entitlement.Invalid("endpointConfiguration", "endpointConfiguration is required: {\"@odata.type\":\"#microsoft.graph.httpRequestEndpoint\",\"targetUrl\":\"https://…\"}.")
	}
	if err := s.schema.extension.read(body, made, nil); err != nil {
		return reply{}, err
	}
	if err := s.engine.CreateExtension(ctx, c.actor, made); err != nil {
		return reply{}, err
	}
	return created201(ctx, c, &s.schema.extension, made, string(made.ID))
}

// mergeExtension changes what the body names and keeps the rest, for PUT and PATCH alike.
//
// graph: accesspackageassignmentrequestworkflowextension-update
func (s *Server) mergeExtension(ctx context.Context, c *call) (*entitlement.Extension, error) {
	catalog, err := c.id("catalog")
	if err != nil {
		return nil, err
	}
	id, err := c.id("customWorkflowExtension")
	if err != nil {
		return nil, err
	}
	body, err := c.extensionBody()
	if err != nil {
		return nil, err
	}
	kind, err := extensionKind(body)
	if err != nil {
		return nil, err
	}
	return s.engine.UpdateExtension(ctx, c.actor, catalog, id, func(x *entitlement.Extension) error {
		if kind != "" && kind != x.Kind {
			return entitlement.Invalid("@odata.type", "The type of a custom extension cannot be changed; it is %s.", x.Kind)
		}
		return s.schema.extension.read(body, x, nil)
	})
}

// replaceExtension serves PUT and PATCH alike: what is left out stays, null clears.
//
// graph: accesspackageassignmentrequestworkflowextension-update
func (s *Server) replaceExtension(ctx context.Context, c *call) (reply, error) {
	x, err := s.mergeExtension(ctx, c)
	if err != nil {
		return reply{}, err
	}
	return writeOne(ctx, c, &s.schema.extension, x)
}

// graph: accesspackageassignmentrequestworkflowextension-delete
func (s *Server) deleteExtension(ctx context.Context, c *call) (reply, error) {
	catalog, err := c.id("catalog")
	if err != nil {
		return reply{}, err
	}
	id, err := c.id("customWorkflowExtension")
	if err != nil {
		return reply{}, err
	}
	return noContent, s.engine.DeleteExtension(ctx, c.actor, catalog, id)
}

func writeCallback(e *encoder, x *entitlement.Extension) {
	if x.CallbackTimeout == 0 {
		e.null()
		return
	}
	e.open()
	e.odataType("customExtensionCallbackConfiguration")
	e.key("timeoutDuration").duration(x.CallbackTimeout)
	e.close()
}

// readCallbackConfiguration reads how long to wait; null means not to wait. The
// documented example calls the member durationBeforeTimeout, the schema timeoutDuration.
//
// graph: customExtensionCallbackConfiguration
func readCallbackConfiguration(n node, x *entitlement.Extension) error {
	x.CallbackTimeout = 0
	if n.kind == isNull {
		return nil
	}
	var timeout *time.Duration
	err := n.fields("customExtensionCallbackConfiguration", func(name string, n node) (bool, error) {
		if name != "timeoutDuration" && name != "durationBeforeTimeout" {
			return false, nil
		}
		if n.kind == isNull {
			return true, nil
		}
		d, err := n.duration()
		if err == nil && timeout != nil && *timeout != d {
			err = entitlement.Invalid(n.at, "timeoutDuration and durationBeforeTimeout are two names of one property, and they differ.")
		}
		timeout = &d
		return true, err
	})
	switch {
	case err != nil:
		return err
	case timeout == nil:
		return entitlement.Invalid(n.at+"/timeoutDuration", "%s/timeoutDuration is required, between PT5M and P14D. To launch and continue, leave callbackConfiguration out or send null.", n.at)
	case *timeout == 0:
		return entitlement.Invalid(n.at+"/timeoutDuration", "%s/timeoutDuration is zero; it must be between PT5M and P14D.", n.at)
	}
	x.CallbackTimeout = *timeout
	return nil
}
