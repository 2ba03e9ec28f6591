// Package config reads the configuration file of "anteroom serve": one typed struct,
// strict YAML, and every problem at once with its line, its key, and what to do about it.
//
// It knows what a setting may be, not what is done with it: that is in package server,
// which hands each part to the package it is for. There are no settings in environment
// variables, and none for the dev mode, which takes no file. testdata/example.yaml is the
// documented example.
package config
