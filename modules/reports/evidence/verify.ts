/** What an evidence folder's signature is for: ssh-keygen takes none that was made for something else. */
export const NAMESPACE = "polder-evidence";

/**
 * Finds each changed, missing or added byte without polder, in the folder; SIGNER is who signed. A test runs these very
 * lines.
 */
export const VERIFY = `sha256sum --check --quiet SHA256SUMS
find . ! -type d ! -path ./SHA256SUMS ! -path ./SHA256SUMS.sig | LC_ALL=C sort | diff - <(cut -c67- SHA256SUMS | sed 's#^#./#')
ssh-keygen -Y verify -f allowed-signers -I SIGNER -n ${NAMESPACE} -s SHA256SUMS.sig < SHA256SUMS
`;
