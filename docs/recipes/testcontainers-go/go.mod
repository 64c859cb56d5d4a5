module example.com/users

go 1.25.0

require github.com/testcontainers/testcontainers-go v0.43.0
