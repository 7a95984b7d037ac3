# SPDX-License-Identifier: MIT
"""Properties of the resources of Exact Online that the simulator serves.

Each word is NAME:TYPE[OPERATIONS[!]]: s String, g Guid, d Double, b Boolean,
t DateTime, i h l y Int32 Int16 Int64 Byte, x Binary, c collection. Without operations it is read-only;
P may be sent with POST, U with PUT, ! marks what POST needs. A "?" type is
known by name only.
"""

RESOURCES = {
    "crm/Accounts": ("GPUD", "ID", """
        Property:cOps! ID:gPU AddressLine1:sPU AddressLine2:sPU AddressLine3:sPU
        AutomaticProcessProposedEntry:yPU BankAccounts:c Blocked:bPU ChamberOfCommerce:sPU
        City:sPU Classification1:gPU Code:sPU CodeAtSupplier:sPU Country:sPU CreditLineSales:dPU
        CustomerSince:t DatevCreditorCode:sPU DatevDebtorCode:sPU DiscountSales:dPU Email:sPU
        EndDate:tPU EORINumber:sPU Fax:sPU GLAccountPurchase:gPU GLAccountSales:gPU GLAP:gPU
        GLAR:gPU GlnNumber:sPU InvoiceAccount:gPU InvoicingMethod:iPU IsPurchase:b IsSales:b
        IsSupplier:bPU Language:sPU LeadPurpose:gPU MainContact:gPU Name:sPU! OINNumber:sPU
        Parent:gPU PaymentConditionPurchase:sPU PaymentConditionSales:sPU PeppolIdentifier:sPU
        PeppolIdentifierType:iPU Phone:sPU Postcode:sPU PurchaseCurrency:sPU PurchaseVATCode:sPU
        Remarks:sPU RSIN:sPU SalesCurrency:sPU SalesVATCode:sPU SearchCode:sPU
        SeparateInvPerProject:yPU ShippingMethod:gPU Source:y StartDate:tPU State:sPU Status:sPU
        Type:s VATLiability:sPU VATNumber:sPU Website:sPU Accountant:? AccountManager:?
        AccountManagerFullName:s AccountManagerHID:? ActivitySector:? ActivitySubSector:?
        AddressSource:? BRIN:? BSN:? BusinessType:? CanDropShip:? Classification:?
        Classification2:? Classification3:? Classification4:? Classification5:?
        Classification6:? Classification7:? Classification8:? ClassificationDescription:s
        CompanySize:? ConsolidationScenario:? ControlledDate:? Costcenter:?
        CostcenterDescription:s CostPaid:? CountryName:s Created:t Creator:g CreatorFullName:s
        CreditLinePurchase:? Currency:? CustomField:? DeliveryAdvice:? DiscountPurchase:?
        Division:i Document:g DunsNumber:? EnableSalesPaymentLink:? EstablishedDate:?
        HasWithholdingTaxSales:? IgnoreDatevWarningMessage:? IncotermAddressPurchase:?
        IncotermAddressSales:? IncotermCodePurchase:? IncotermCodeSales:?
        IncotermVersionPurchase:? IncotermVersionSales:? IntraStatArea:? IntraStatDeliveryTerm:?
        IntraStatSystem:? IntraStatTransactionA:? IntraStatTransactionB:?
        IntraStatTransportMethod:? InvoiceAccountCode:s InvoiceAccountName:s
        InvoiceAttachmentType:? IsAccountant:? IsAgency:? IsAnonymised:? IsBank:? IsCompetitor:?
        IsExtraDuty:? IsMailing:? IsMember:? IsPilot:? IsReseller:? LanguageDescription:s
        Latitude:? LeadSource:? Logo:? LogoFileName:s LogoThumbnailUrl:? LogoUrl:? Longitude:?
        Modified:t Modifier:g ModifierFullName:s PayAsYouEarn:?
        PaymentConditionPurchaseDescription:s PaymentConditionSalesDescription:s
        PhoneExtension:? PriceList:? PurchaseCurrencyDescription:s PurchaseLeadDays:?
        PurchaseVATCodeDescription:s RecepientOfCommissions:? Reseller:? ResellerCode:s
        ResellerName:s SalesCurrencyDescription:s SalesTaxSchedule:? SalesTaxScheduleCode:s
        SalesTaxScheduleDescription:s SalesVATCodeDescription:s SecurityLevel:?
        SeparateInvPerSubscription:? ShippingLeadDays:? ShowRemarkForSales:? StateName:s
        StatusSince:? TradeName:s UniqueTaxpayerReference:?"""),
    "crm/BankAccounts": ("GPUD", "ID", """
        Property:cOps! ID:gPU Account:gPU! AccountName:s Bank:g BankAccount:sPU!
        BankAccountHolderName:sPU BankDescription:s BankName:s BICCode:sPU Blocked:bPU
        Description:sPU Format:s IBAN:s Main:bPU PaymentServiceAccount:g Type:s
        TypeDescription:s Created:t Creator:g CreatorFullName:s Division:i Modified:t Modifier:g
        ModifierFullName:s"""),
    "salesentry/SalesEntries": ("GPUD", "EntryID", """
        Property:cOps! EntryID:gPU AmountDC:d AmountFC:d BatchNumber:iPU Currency:sPU
        Customer:gPU! CustomerName:s Description:sPU Document:gPU DocumentNumber:i
        DocumentSubject:s DueDate:tPU EntryDate:tPU EntryNumber:iPU ExternalLinkDescription:s
        ExternalLinkReference:sPU GAccountAmountFC:dPU InvoiceNumber:iPU IsExtraDuty:bPU
        Journal:sPU! JournalDescription:s OrderNumber:iPU PaymentCondition:sPU
        PaymentConditionDescription:s PaymentConditionPaymentMethod:s PaymentReference:sPU
        ProcessNumber:iPU Rate:dPU ReportingPeriod:hPU ReportingYear:hPU Reversal:bPU
        SalesEntryLines:cPU! Status:h StatusDescription:s Type:i TypeDescription:s VATAmountDC:d
        VATAmountFC:dPU WithholdingTaxAmountDC:dPU WithholdingTaxBaseAmount:dPU
        WithholdingTaxPercentage:dPU YourRef:sPU Created:t Creator:g CreatorFullName:s
        CustomField:? Division:i Modified:t Modifier:g ModifierFullName:s"""),
    "salesentry/SalesEntryLines": ("GPUD", "ID", """
        Property:cOps! ID:gPU AmountDC:d AmountFC:dPU! Asset:gPU AssetDescription:s
        CostCenter:sPU CostCenterDescription:s CostUnit:sPU CostUnitDescription:s
        Description:sPU EntryID:gPU! ExtraDutyAmountFC:dPU ExtraDutyPercentage:dPU From:tPU
        GLAccount:gPU! GLAccountCode:s GLAccountDescription:s LineNumber:i Notes:sPU Project:gPU
        ProjectDescription:s ProjectWBS:gPU ProjectWBSDescription:s Quantity:dPU
        SerialNumber:sPU TaxSchedule:gPU To:tPU TrackingNumber:gPU TrackingNumberDescription:s
        Type:i VATAmountDC:d VATAmountFC:dPU VATBaseAmountDC:dPU VATBaseAmountFC:dPU VATCode:sPU
        VATCodeDescription:s VATPercentage:dPU CustomField:? Division:i IntraStatArea:?
        IntraStatCountry:? IntraStatDeliveryTerm:? IntraStatTransactionA:?
        IntraStatTransactionB:? IntraStatTransportMethod:? StatisticalNetWeight:?
        StatisticalNumber:? StatisticalQuantity:? StatisticalValue:? Subscription:?
        SubscriptionDescription:s"""),
    "purchaseentry/PurchaseEntries": ("GPUD", "EntryID", """
        Property:cOps! EntryID:gPU AmountDC:d AmountFC:d BatchNumber:iPU Currency:sPU
        Description:sPU Document:gPU DocumentNumber:i DocumentSubject:s DueDate:tPU
        EntryDate:tPU EntryNumber:iPU ExternalLinkDescription:s ExternalLinkReference:sPU
        GAccountAmountFC:dPU InvoiceNumber:iPU Journal:sPU! JournalDescription:s OrderNumber:iPU
        PaymentCondition:sPU PaymentConditionDescription:s PaymentConditionPaymentMethod:s
        PaymentReference:sPU ProcessNumber:iPU PurchaseEntryLines:cPU! Rate:dPU
        ReportingPeriod:hPU ReportingYear:hPU Reversal:bPU Status:h StatusDescription:s
        Supplier:gPU! SupplierName:s Type:i TypeDescription:s VATAmountDC:d VATAmountFC:dPU
        YourRef:sPU Created:t Creator:g CreatorFullName:s CustomField:? Division:i Modified:t
        Modifier:g ModifierFullName:s"""),
    "purchaseentry/PurchaseEntryLines": ("GPUD", "ID", """
        Property:cOps! ID:gPU AmountDC:d AmountFC:dPU! Asset:gPU AssetDescription:s
        CostCenter:sPU CostCenterDescription:s CostUnit:sPU CostUnitDescription:s
        Description:sPU EntryID:gPU! Expense:gPU ExpenseDescription:s From:tPU GLAccount:gPU!
        GLAccountCode:s GLAccountDescription:s LineNumber:i Notes:sPU PrivateUsePercentage:dPU
        Project:gPU ProjectDescription:s Quantity:dPU SerialNumber:sPU To:tPU TrackingNumber:gPU
        TrackingNumberDescription:s Type:i VATAmountDC:d VATAmountFC:dPU VATBaseAmountDC:d
        VATBaseAmountFC:dPU VATCode:sPU VATCodeDescription:s VATNonDeductiblePercentage:dPU
        VATPercentage:dPU WithholdingAmountDC:dPU WithholdingTax:sPU CustomField:? Division:i
        IntraStatArea:? IntraStatCountry:? IntraStatDeliveryTerm:? IntraStatTransactionA:?
        IntraStatTransactionB:? IntraStatTransportMethod:? StatisticalNetWeight:?
        StatisticalNumber:? StatisticalQuantity:? StatisticalValue:? Subscription:?
        SubscriptionDescription:s"""),
    "generaljournalentry/GeneralJournalEntries": ("GPD", "EntryID", """
        Property:cOps! EntryID:gP Currency:sP EntryNumber:iP ExchangeRate:dP FinancialPeriod:hP
        FinancialYear:hP GeneralJournalEntryLines:cP! JournalCode:sP! JournalDescription:s
        Reversal:bP Status:h StatusDescription:s Type:i TypeDescription:s Created:t
        CustomField:? Division:i Modified:t"""),
    "generaljournalentry/GeneralJournalEntryLines": ("GP", "ID", """
        Property:cOps! ID:gP Account:gP AccountCode:s AccountName:s AmountDC:d AmountFC:dP
        AmountVATDC:d AmountVATFC:dP Asset:gP AssetCode:s AssetDescription:s CostCenter:sP
        CostCenterDescription:s CostUnit:sP CostUnitDescription:s Date:tP Description:sP
        Document:gP DocumentNumber:i DocumentSubject:s EntryID:gP! EntryNumber:i GLAccount:gP!
        GLAccountCode:s GLAccountDescription:s LineNumber:i Notes:sP OffsetID:gP OurRef:iP
        Project:gP ProjectCode:s ProjectDescription:s ProjectWBS:gP ProjectWBSDescription:s
        Quantity:dP VATBaseAmountDC:d VATBaseAmountFC:d VATCode:sP VATCodeDescription:s
        VATPercentage:dP VATType:s Created:t Creator:g CreatorFullName:s CustomField:?
        Division:i Modified:t Modifier:g ModifierFullName:s"""),
    "financial/GLAccounts": ("GPUD", "ID", """
        Property:cOps! ID:gPU AllowCostsInSales:yPU BalanceSide:sPU BalanceType:sPU Code:sPU!
        Compress:bPU Costcenter:sPU Costunit:sPU Description:sPU! IsBlocked:bPU Matching:bPU
        RevalueCurrency:bPU SearchCode:sPU Type:iPU TypeDescription:s UseCostcenter:yPU
        UseCostunit:yPU VATCode:sPU AssimilatedVATBox:? BelcotaxType:? CostcenterDescription:s
        CostunitDescription:s Created:t Creator:g CreatorFullName:s CustomField:?
        DeductibilityPercentages:? DescriptionTermID:? Division:i ExcludeVATListing:?
        ExpenseNonDeductiblePercentage:? Modified:t Modifier:g ModifierFullName:s
        PrivateGLAccount:? PrivatePercentage:? ReportingCode:s VATDescription:s
        VATGLAccountType:? VATNonDeductibleGLAccount:? VATNonDeductiblePercentage:? VATSystem:?
        YearEndCostGLAccount:? YearEndReflectionGLAccount:?"""),
    "financial/Journals": ("GPUD", "ID", """
        Property:cOps! ID:gPU AllowVariableCurrency:bPU AllowVariableExchangeRate:bPU
        AllowVAT:bPU AutoSave:bPU BankAccountIBAN:s BankAccountIncludingMask:sPU Code:sPU
        Currency:sPU Description:sPU GLAccount:gPU GLAccountCode:s GLAccountType:i IsBlocked:bPU
        Type:iPU Bank:? BankAccountBICCode:s BankAccountCountry:? BankAccountDescription:s
        BankAccountID:g BankAccountUseSEPA:? BankAccountUseSepaDirectDebit:? BankName:s
        Created:t Creator:g CreatorFullName:s CurrencyDescription:s CustomField:? Division:i
        GLAccountDescription:s Modified:t Modifier:g ModifierFullName:s
        PaymentInTransitAccount:? PaymentServiceAccountIdentifier:? PaymentServiceProvider:?
        PaymentServiceProviderName:s"""),
    "financial/FinancialPeriods": ("G", "ID", """
        Property:cOps! ID:g EndDate:t FinPeriod:h FinYear:h StartDate:t Created:t Creator:g
        CreatorFullName:s Division:i Modified:t Modifier:g ModifierFullName:s"""),
    "vat/VATCodes": ("GPUD", "ID", """
        Property:cOps! ID:gPU CalculationBasis:yPU Charged:bPU Code:sPU! Country:s
        Description:sPU! EUSalesListing:sPU GLToClaim:gPU GLToPay:gPU IsBlocked:bPU
        OssCountry:sPU Percentage:d TaxReturnType:hPU Type:sPU VATPercentages:cPU
        VATTransactionType:sPU Account:? AccountCode:s AccountName:s Created:t Creator:g
        CreatorFullName:s CustomField:? Division:i ExcludeVATListing:? GLDiscountPurchase:?
        GLDiscountPurchaseCode:s GLDiscountPurchaseDescription:s GLDiscountSales:?
        GLDiscountSalesCode:s GLDiscountSalesDescription:s GLToClaimCode:s
        GLToClaimDescription:s GLToPayCode:s GLToPayDescription:s IntraStat:? IntrastatType:?
        LegalText:? Modified:t Modifier:g ModifierFullName:s VatDocType:? VatMargin:?
        VATPartialRatio:?"""),
    "cashflow/PaymentConditions": ("GP", "ID", """
        Property:cOps! ID:gP Code:sP! CreditManagementScenario:gP CreditManagementScenarioCode:s
        CreditManagementScenarioDescription:s Description:sP! DiscountCalculation:sP
        DiscountPaymentDays:iP DiscountPercentage:dP PaymentDays:iP PaymentDiscountType:sP
        PaymentEndOfMonths:iP PaymentMethod:sP Percentage:dP VATCalculation:sP Created:t
        Creator:g CreatorFullName:s Division:i Modified:t Modifier:g ModifierFullName:s"""),
    "hrm/Costcenters": ("GPUD", "ID", """
        Property:cOps! ID:gPU Active:bPU Code:sPU! Description:sPU! EndDate:tPU Created:t
        Creator:g CreatorFullName:s CustomField:? Division:i Modified:t Modifier:g
        ModifierFullName:s"""),
    "hrm/Costunits": ("GPUD", "ID", """
        Property:cOps! ID:gPU Code:sPU! Description:sPU! EndDate:tPU Created:t Creator:g
        CreatorFullName:s CustomField:? Division:i Modified:t Modifier:g ModifierFullName:s"""),
    "general/Currencies": ("G", "Code", """
        Property:cOps! Code:s AmountPrecision:d Description:s PricePrecision:d Created:t
        Modified:t"""),
    "read/financial/ReceivablesList": ("G", "HID", """
        Property:cOps! HID:l AccountCode:s AccountId:g AccountName:s Amount:d AmountInTransit:d
        CurrencyCode:s Description:s DueDate:t EntryNumber:i Id:g InvoiceDate:t InvoiceNumber:i
        JournalCode:s JournalDescription:s Notes:c YourRef:s"""),
    "read/financial/PayablesList": ("G", "HID", """
        Property:cOps! HID:l AccountCode:s AccountId:g AccountName:s Amount:d AmountInTransit:d
        ApprovalStatus:h CurrencyCode:s Description:s DueDate:t EntryNumber:i Id:g InvoiceDate:t
        InvoiceNumber:i JournalCode:s JournalDescription:s Notes:c YourRef:s"""),
    "cashflow/Receivables": ("GU", "ID", """
        Property:cOps! ID:gU Account:g AccountBankAccountNumber:s AccountCode:s AccountName:s
        AmountDC:d AmountDiscountDC:d AmountDiscountFC:d AmountFC:d Currency:s Description:sU
        DiscountDueDate:t DueDate:t EndDate:t EntryDate:t EntryID:g EntryNumber:i
        GLAccountCode:s InvoiceDate:t InvoiceNumber:i IsFullyPaid:b Journal:s LastPaymentDate:t
        PaymentCondition:s PaymentMethod:sU PaymentReference:sU RateFC:d Source:i Status:h
        TransactionAmountDC:d TransactionAmountFC:d TransactionDueDate:t TransactionEntryID:g
        TransactionID:g TransactionIsReversal:b TransactionReportingPeriod:h
        TransactionReportingYear:h TransactionStatus:h TransactionType:i YourRef:s
        AccountBankAccountID:g AccountContact:g AccountContactName:s AccountCountry:?
        BankAccountID:g BankAccountNumber:? CashflowTransactionBatchCode:s Created:t Creator:g
        CreatorFullName:s DirectDebitMandate:? DirectDebitMandateDescription:s
        DirectDebitMandatePaymentType:? DirectDebitMandateReference:? DirectDebitMandateType:?
        Division:i Document:g DocumentNumber:i DocumentSubject:? EndPeriod:? EndToEndID:?
        EndYear:? GLAccount:g GLAccountDescription:s IsBatchBooking:? JournalDescription:s
        Modified:t Modifier:g ModifierFullName:s OrderNumber:i PaymentConditionDescription:s
        PaymentDays:? PaymentDaysDiscount:? PaymentDiscountPercentage:? PaymentInformationID:?
        ReceivableBatchNumber:? ReceivableSelected:? ReceivableSelector:?
        ReceivableSelectorFullName:s"""),
    "cashflow/Payments": ("GU", "ID", """
        Property:cOps! ID:gU Account:g AccountBankAccountNumber:s AccountCode:s AccountName:s
        AmountDC:d AmountDiscountDC:d AmountDiscountFC:d AmountFC:d Currency:s Description:sU
        DiscountDueDate:t DueDate:t EndDate:t EntryDate:t EntryID:g EntryNumber:i
        GLAccountCode:s InvoiceDate:t InvoiceNumber:i Journal:s PaymentCondition:s
        PaymentMethod:sU PaymentReference:sU RateFC:d Source:i Status:h TransactionAmountDC:d
        TransactionAmountFC:d TransactionDueDate:t TransactionEntryID:g TransactionID:g
        TransactionIsReversal:b TransactionReportingPeriod:h TransactionReportingYear:h
        TransactionStatus:h TransactionType:i YourRef:s AccountBankAccountID:g AccountContact:g
        AccountContactName:s BankAccountID:g BankAccountNumber:? CashflowTransactionBatchCode:s
        Created:t Creator:g CreatorFullName:s Division:i Document:g DocumentNumber:i
        DocumentSubject:? EndPeriod:? EndYear:? GLAccount:g GLAccountDescription:s
        IsBatchBooking:? JournalDescription:s Modified:t Modifier:g ModifierFullName:s
        PaymentBatchNumber:? PaymentConditionDescription:s PaymentDays:? PaymentDaysDiscount:?
        PaymentDiscountPercentage:? PaymentSelected:? PaymentSelector:?
        PaymentSelectorFullName:s"""),
    "financialtransaction/TransactionLines": ("G", "ID", """
        Property:cOps! ID:g Account:g AccountCode:s AmountDC:d AmountFC:d AmountVATBaseFC:d
        AmountVATFC:d CostCenter:s CostUnit:s Currency:s Date:t Description:s DueDate:t
        EntryID:g! EntryNumber:i ExchangeRate:d FinancialPeriod:h FinancialYear:h GLAccount:g
        GLAccountCode:s InvoiceNumber:i JournalCode:s LineNumber:i LineType:h OffsetID:g
        PaymentReference:s Status:h Type:i VATCode:s VATPercentage:d VATType:s YourRef:s
        AccountName:s Asset:? AssetCode:s AssetDescription:s CostCenterDescription:s
        CostUnitDescription:s Created:t Creator:g CreatorFullName:s CustomField:? Division:i
        Document:g DocumentNumber:i DocumentSubject:? ExternalLinkDescription:s
        ExternalLinkReference:? ExtraDutyAmountFC:? ExtraDutyPercentage:? GLAccountDescription:s
        Item:? ItemCode:s ItemDescription:s JournalDescription:s Modified:t Modifier:g
        ModifierFullName:s Notes:? OrderNumber:i PaymentDiscountAmount:? Project:? ProjectCode:s
        ProjectDescription:s ProjectWBS:? ProjectWBSDescription:s Quantity:? SerialNumber:?
        ShopOrder:? Subscription:? SubscriptionDescription:s TrackingNumber:?
        TrackingNumberDescription:s VATCodeDescription:s"""),
    "current/Me": ("G", "UserID", """
        Property:cOps! UserID:g CurrentDivision:i DivisionCustomer:g DivisionCustomerName:s
        LanguageCode:s Legislation:l PackageCode:s ServerTime:s ServerUtcOffset:d UserName:s"""),
    "system/Divisions": ("GD", "Code", """
        Property:cOps! Code:i ArchiveDate:t BlockingStatus:i ChamberOfCommerceNumber:s Country:s
        Currency:s Current:b Customer:g CustomerCode:s CustomerName:s Description:s
        DivisionHRLinkUnlinkDate:t DivisionMoveDate:t Hid:l IsMainDivision:b Legislation:s
        Status:i VATNumber:s"""),
}
