# What an administrator keeps in a script.
Connect-ExchangeOnline -UserPrincipalName admin@contoso.com
New-TransportRule "Block executables" `
    -AttachmentHasExecutableContent $true `
    -RejectMessageReasonText "Programs are ""not"" taken." `
    -RejectMessageEnhancedStatusCode "5.7.910" -Confirm:$false | Out-Null

$partners = 'fabrikam.com', 'litware.com'
New-TransportRule -Name 'Partners' -RecipientDomainIs $partners -RouteMessageOutboundRequireTls $true
Set-TransportRule 'Partners' -Priority 0
