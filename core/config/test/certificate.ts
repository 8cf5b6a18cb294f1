/** A certificate for `localhost` that signs itself, good until the next century; it protects nothing. */
export const certificate = `-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUPymx3ypbNypGDGPyjd1nnPkO0zcwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTA0NDMxMloYDzIxMjYxMDI4
MDQ0MzEyWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQ1b/4JWPx8t7o/ev5wDwMP+zQfPNIfsQaxVI+eiLCCvzutj9lxmRW7
RPQN36OSi56skGIB/6v+2vWh5laP7ajdo28wbTAdBgNVHQ4EFgQULVcfNOjiYx8r
ER+KG9m9WDhYumIwHwYDVR0jBBgwFoAULVcfNOjiYx8rER+KG9m9WDhYumIwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDRwAwRAIgJTbU9pM3okV8TUQFlaRmLIJHOdsjLZGmQznMaVRq1jECIC9V
ncqwV/iIPfZc2vv+fIgkQ+c2+wV5Rpz+Sxd3p4dQ
-----END CERTIFICATE-----
`;

/** Its private key. */
export const privateKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgMf5kaqFyixGkwRMT
Wz50lPwE5lHhg6E/IWWUpALM+rShRANCAAQ1b/4JWPx8t7o/ev5wDwMP+zQfPNIf
sQaxVI+eiLCCvzutj9lxmRW7RPQN36OSi56skGIB/6v+2vWh5laP7ajd
-----END PRIVATE KEY-----
`;

/** A private key of another certificate. */
export const otherPrivateKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgzBa6GZWnnEQsRobP
L2x1K83PvJyW+5q2jou8h0Xy8rihRANCAATxXQ59Ug3p1OI6X5I16s3UhNna0lOi
ZtaGxVNhao04jSl/umkD3QWha/VCAjoEw4A7FXo/VUNfv8ASyC+j5qaz
-----END PRIVATE KEY-----
`;
