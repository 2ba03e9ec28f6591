package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/riverqueue/river"
)

// call is the job that calls the endpoint for a request.
type call struct {
	Request string `json:"request"`
}

// Kind names the job.
func (call) Kind() string { return "call" }

// deliver is the job that delivers a request.
type deliver struct {
	Request string `json:"request"`
}

// Kind names the job.
func (deliver) Kind() string { return "deliver" }

// caller does the jobs of kind call.
type caller struct {
	river.WorkerDefaults[call]
	front *front
}

// Work posts what the endpoint has to know.
func (c *caller) Work(ctx context.Context, job *river.Job[call]) error {
	var instance, pkg, policy, target string
	err := c.front.db.QueryRow(ctx, "SELECT instance, package, policy, target FROM request WHERE id = $1", job.Args.Request).
		Scan(&instance, &pkg, &policy, &target)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]string{
		"AccessPackageAssignmentRequestId": job.Args.Request, "CustomExtensionStageInstanceId": instance,
		"AccessPackageId": pkg, "AssignmentPolicyId": policy, "TargetId": target, "CallbackUriPath": root + "/assignmentRequests/" + job.Args.Request + "/resume",
	})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.front.endpoint, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.front.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("the endpoint answered %s", resp.Status)
	}
	return nil
}

// deliverer does the jobs of kind deliver.
type deliverer struct {
	river.WorkerDefaults[deliver]
	front *front
}

// Work makes the assignment. That it is done is recorded by River, later, with that of others:
// done twice it changes nothing.
func (d *deliverer) Work(ctx context.Context, job *river.Job[deliver]) error {
	const text = `WITH done AS (UPDATE request SET state = $2 WHERE id = $1 AND state = $3 RETURNING id, package, target)
INSERT INTO assignment (request, package, target) SELECT id, package, target FROM done`
	_, err := d.front.db.Exec(ctx, text, job.Args.Request, delivered, resumed)
	return err
}
